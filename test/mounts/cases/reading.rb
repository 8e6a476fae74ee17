# frozen_string_literal: true

# Reading whole files and parts of them, in every way that File, IO and Kernel offer.
CaseList.subject(:reading) do
  observe("File.read") { |root| [File.read("#{root}/VERSION"), File.read("#{root}/empty"), File.read("#{root}/one_byte")] }
  observe("File.read with length and offset") do |root|
    [[3], [0], [4, 2], [100, 3], [5, 500]].map { |arguments| File.read("#{root}/text.txt", *arguments) }
  end
  observe("File.read with a mode") { |root| File.read("#{root}/utf8.txt", mode: "rb") }
  observe("File.read of the longest") { |root| File.read("#{root}/lines.txt") }
  observe("File.binread") { |root| [File.binread("#{root}/binary.bin"), File.binread("#{root}/binary.bin", 10, 250)] }
  observe("IO.read") { |root| [IO.read("#{root}/VERSION"), IO.binread("#{root}/VERSION"), IO.read("#{root}/VERSION", 2)] }
  observe("File.readlines") { |root| File.readlines("#{root}/text.txt") }
  observe("File.readlines in its variants") do |root|
    path = "#{root}/text.txt"
    [File.readlines(path, chomp: true), File.readlines(path, ""), File.readlines(path, nil), File.readlines(path, "l"),
     File.readlines(path, 4), File.readlines(path, "i", 7), IO.readlines(path, chomp: true)]
  end
  observe("File.foreach") do |root|
    path = "#{root}/crlf.txt"
    [File.foreach(path).to_a, File.foreach(path, chomp: true).map(&:size), IO.foreach(path, "w").to_a, File.foreach(path, 2).first(2)]
  end
  observe("a missing file, with foreach") { |root| File.foreach("#{root}/nothing").to_a }

  observe("File.open with a block") { |root| File.open("#{root}/VERSION") { |file| [file.class, file.read, file.read, file.read(1), file.eof?] } }
  observe("File.open without a block") do |root|
    file = File.open("#{root}/VERSION")
    [file.path, file.to_path, file.read, file.close, file.closed?, try { file.read }]
  end
  observe("File.new") do |root|
    file = File.new("#{root}/text.txt", "r")
    [file.gets, file.gets, file.lineno, file.readline, $., file.ungetc("Z"), file.getc, file.getbyte, file.readchar, file.readbyte, file.pos]
  ensure
    file.close
  end
  observe("Kernel#open") { |root| [open("#{root}/VERSION", &:read), open("#{root}/VERSION").tap(&:close).path] }
  observe("modes that read") do |root|
    ["r", "rb", "rt", "r:utf-8", "r:iso-8859-1:utf-8", "r:bom|utf-8", File::RDONLY, File::RDONLY | File::NONBLOCK,
     File::RDONLY | File::SYNC, File::RDONLY | File::NOFOLLOW, File::RDONLY | File::NOCTTY].map do |mode|
      try { File.open("#{root}/bom.txt", mode) { |file| [file.read, file.external_encoding, file.internal_encoding, file.binmode?] } }
    end
  end
  observe("open with keywords") do |root|
    path = "#{root}/utf8.txt"
    [File.open(path, mode: "rb", &:read), File.open(path, flags: File::RDONLY, &:read), File.open(path, external_encoding: "iso-8859-1", &:read),
     File.open(path, binmode: true, &:read), File.open(path, "r", encoding: "utf-8:utf-16le", &:read), File.open(path, textmode: true, &:gets)]
  end
  observe("a mode that does not exist") { |root| [try { File.open("#{root}/VERSION", "q") }, try { File.open("#{root}/VERSION", "rw") }] }
  observe("IO.sysopen") do |root|
    descriptor = IO.sysopen("#{root}/VERSION")
    io = IO.for_fd(descriptor)
    [descriptor.class, io.sysread(3), io.sysseek(1), io.read, io.close]
  end
  observe("IO.sysopen with flags") { |root| IO.new(IO.sysopen("#{root}/VERSION", "r", 0o644), "r").then { |io| [io.read, io.close] } }
  observe("IO.open of a descriptor") { |root| IO.open(IO.sysopen("#{root}/text.txt")) { |io| io.each_line.to_a } }

  observe("seek, tell, pos, rewind") do |root|
    File.open("#{root}/binary.bin", "rb") do |file|
      [file.seek(10), file.read(2), file.tell, file.seek(-3, IO::SEEK_END), file.read, file.seek(-1, :CUR), file.getbyte,
       file.rewind, file.pos, file.pos = 255, file.getbyte, try { file.seek(-1) }, file.seek(1 << 40), file.read(1), file.eof?]
    end
  end
  observe("seek to data and holes") do |root|
    File.open("#{root}/lines.txt") { |file| [try { file.seek(0, :DATA) }, file.pos, try { file.seek(0, :HOLE) }, file.pos] }
  end
  observe("pread") { |root| File.open("#{root}/text.txt") { |file| [file.pread(5, 6), file.pos, try { file.pread(1, 1000) }, file.pread(0, 0)] } }
  observe("sysread, sysseek") { |root| File.open("#{root}/text.txt") { |file| [file.sysread(4), file.sysseek(-4, IO::SEEK_END), file.sysread(100), try { file.sysread(1) }] } }
  observe("readpartial") { |root| File.open("#{root}/text.txt") { |file| [file.readpartial(5), file.readpartial(3, +"buffer"), file.readpartial(1000), try { file.readpartial(1) }] } }
  observe("read_nonblock") { |root| File.open("#{root}/text.txt") { |file| [file.read_nonblock(5), file.read_nonblock(1000), file.read_nonblock(1, exception: false), try { file.read_nonblock(1) }] } }
  observe("read into a buffer") { |root| File.open("#{root}/VERSION") { |file| [buffer = +"old contents", file.read(3, buffer).equal?(buffer), buffer] } }
  observe("each_line, each_char, each_byte, each_codepoint") do |root|
    %i[each_line each_char each_byte].map { |method| File.open("#{root}/utf8.txt") { |file| file.public_send(method).to_a } } <<
      File.open("#{root}/utf8.txt", "r:utf-8") { |file| file.each_codepoint.to_a }
  end
  observe("gets in its variants") do |root|
    File.open("#{root}/text.txt") { |file| [file.gets(3), file.gets("n"), file.gets(nil, 5), file.gets(""), file.gets(chomp: true), file.gets(nil), file.gets, file.gets(nil)] }
  end
  observe("readline at the end") { |root| File.open("#{root}/one_byte") { |file| [file.readline, try { file.readline }, try { file.readchar }, try { file.readbyte }, file.getc] } }
  observe("lineno") { |root| File.open("#{root}/lines.txt") { |file| [3.times.map { file.gets && file.lineno }, file.lineno = 100, file.gets, file.lineno, $.] } }
  observe("reading with one object after the other") do |root|
    a, b = Array.new(2) { File.open("#{root}/text.txt") }
    [a.gets, b.gets, a.gets, b.read(3), a.pos, b.pos]
  ensure
    [a, b].each(&:close)
  end
  observe("dup shares the position") { |root| File.open("#{root}/text.txt") { |file| (copy = file.dup) && [copy.sysread(3), file.sysread(3), copy.close] } }
  observe("reopen") do |root|
    File.open("#{root}/VERSION") { |file| [file.read(1), file.reopen("#{root}/text.txt").class, file.gets, file.path, file.reopen(File.open("#{root}/one_byte")).read] }
  end
  observe("STDIN.reopen", isolated: true) { |root| [$stdin.reopen("#{root}/text.txt").class, gets, $stdin.read(3), STDIN.fileno] }
  observe("ARGF", isolated: true) do |root|
    ARGV.replace(["#{root}/VERSION", "#{root}/one_byte", "#{root}/crlf.txt"])
    [ARGF.gets, ARGF.filename, ARGF.file.path, ARGF.lineno, ARGF.readlines, try { readline }]
  end
  observe("Kernel#readlines of ARGV", isolated: true) { |root| ARGV.replace(["#{root}/text.txt"]) && readlines(chomp: true) }

  observe("properties of the open file") do |root|
    File.open("#{root}/VERSION") do |file|
      [file.size, file.stat.size, file.lstat.file?, file.isatty, file.sync, file.close_on_exec?, file.fileno > 2, file.autoclose?, file.to_io.equal?(file),
       file.mtime, file.atime.class, file.ctime.class, file.fsync, file.fdatasync, file.flush.class, file.pid, file.inspect]
    end
  end
  observe("writing to a file that is open for reading") { |root| File.open("#{root}/VERSION") { |file| [try { file.write("x") }, try { file.syswrite("x") }, try { file.truncate(0) }, try { file.pwrite("x", 0) }] } }
  observe("flock") { |root| File.open("#{root}/VERSION") { |file| [File::LOCK_SH, File::LOCK_EX | File::LOCK_NB, File::LOCK_UN].map { |how| file.flock(how) } } }
  observe("fcntl") { |root| require "fcntl"; File.open("#{root}/VERSION") { |file| [file.fcntl(Fcntl::F_GETFL) & Fcntl::O_ACCMODE, file.fcntl(Fcntl::F_GETFD)] } }
  observe("advise") { |root| File.open("#{root}/lines.txt") { |file| %i[sequential willneed random normal dontneed noreuse].map { |advice| file.advise(advice) } } }
  observe("select and wait_readable") { |root| require "io/wait"; File.open("#{root}/VERSION") { |file| [IO.select([file], nil, nil, 1) == [[file], [], []], file.wait_readable(1).equal?(file), file.ready?.class] } }
  observe("nread") { |root| require "io/wait"; File.open("#{root}/VERSION") { |file| file.nread } }
  observe("a file that stays open while it is read by others") { |root| File.open("#{root}/lines.txt") { |file| file.gets; 200.times { File.read("#{root}/lines.txt") }; file.read(20) } }
  observe("many open at once") do |root|
    files = Array.new(200) { File.open("#{root}/VERSION") }
    [files.map(&:fileno).uniq.size, files.map(&:read).uniq]
  ensure
    files.each(&:close)
  end
  observe("eight threads") { |root| Array.new(8) { Thread.new { Array.new(50) { File.read("#{root}/lines.txt").sum }.uniq } }.map(&:value).uniq.size }
  observe("a Ractor", isolated: true) { |root| $VERBOSE = nil; Ractor.new(root) { |place| [File.read("#{place}/VERSION"), Dir.children("#{place}/views").sort] }.take }
  observe("a Fiber") { |root| Fiber.new { Fiber.yield File.read("#{root}/VERSION") }.resume }
  observe("paths that convert themselves") do |root|
    require "pathname"
    path = Class.new { define_method(:to_path) { "#{root}/VERSION" } }.new
    text = Class.new { define_method(:to_str) { "#{root}/VERSION" } }.new
    [path, text, Pathname("#{root}/VERSION")].map { |given| [File.read(given), File.exist?(given), File.open(given, &:gets)] }
  end
  observe("paths in other encodings") do |root|
    name = "#{root}/names/größe.txt"
    [name, name.b, name.dup.force_encoding("ISO-8859-1")].map { |path| try { File.read(path) } } << try { File.read(name.encode("UTF-16LE")) } << try { File.read(name.encode("ISO-8859-1")) }
  end
  observe("names that look like something else") do |root|
    ["names/with spaces.txt", "names/[brackets]{x}*?.txt", "names/-dash", "names/#{"n" * 255}", ".hidden", ".dot/inside.txt"].map { |name| File.read("#{root}/#{name}") }
  end
end
