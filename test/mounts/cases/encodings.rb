# frozen_string_literal: true

# Encodings, byte order marks, line ends, and files in memory.
CaseList.subject(:encodings) do
  observe("the default") { |root| File.read("#{root}/utf8.txt") }
  observe("external only") { |root| %w[UTF-8 ISO-8859-1 ASCII-8BIT US-ASCII EUC-JP].map { |name| File.read("#{root}/utf8.txt", encoding: name) } }
  observe("converted") { |root| [File.read("#{root}/latin1.txt", encoding: "ISO-8859-1:UTF-8"), File.read("#{root}/utf16.txt", mode: "rb:UTF-16LE:UTF-8")] }
  observe("what cannot be converted") { |root| [try { File.read("#{root}/utf8.txt", encoding: "UTF-8:ISO-8859-1") }, File.read("#{root}/utf8.txt", encoding: "UTF-8:US-ASCII", undef: :replace, invalid: :replace)] }
  observe("bytes that are not valid") { |root| File.read("#{root}/latin1.txt").then { |text| [text, text.valid_encoding?, text.scrub("?")] } }
  observe("byte order marks") do |root|
    %w[bom.txt utf16.txt utf8.txt empty].map { |name| File.open("#{root}/#{name}", "rb:BOM|UTF-8") { |file| [file.external_encoding, file.pos, file.read] } }
  end
  observe("set_encoding_by_bom") { |root| %w[bom.txt utf16.txt utf8.txt].map { |name| File.open("#{root}/#{name}", "rb") { |file| [file.set_encoding_by_bom, file.read] } } }
  observe("set_encoding") { |root| File.open("#{root}/latin1.txt") { |file| file.set_encoding("ISO-8859-1:UTF-8") && [file.external_encoding, file.internal_encoding, file.read] } }
  observe("binmode") { |root| File.open("#{root}/utf8.txt") { |file| [file.binmode.class, file.binmode?, file.external_encoding, file.read] } }
  observe("readlines in an encoding") { |root| [File.readlines("#{root}/latin1.txt", encoding: "ISO-8859-1:UTF-8"), File.foreach("#{root}/utf16.txt", mode: "rb:BOM|UTF-16LE:UTF-8").to_a] }
  observe("getc and ungetc in an encoding") { |root| File.open("#{root}/utf8.txt", "r:UTF-8") { |file| [file.read(2), file.getc, file.ungetc("ß"), file.getc, file.getc, file.pos] } }
  observe("text mode turns line ends into one") { |root| [File.read("#{root}/crlf.txt", mode: "rt"), File.open("#{root}/crlf.txt", universal_newline: true, &:readlines)] }
  observe("crlf stays in binary mode") { |root| [File.read("#{root}/crlf.txt"), File.binread("#{root}/crlf.txt"), File.readlines("#{root}/crlf.txt", chomp: true), File.open("#{root}/crlf.txt", "rb", &:gets)] }
  observe("with a default internal encoding", isolated: true) do |root|
    $VERBOSE = nil
    Encoding.default_internal = "UTF-16LE"
    [File.read("#{root}/utf8.txt"), Dir.children("#{root}/names").sort.last.encoding]
  end
  observe("with another default external encoding", isolated: true) do |root|
    $VERBOSE = nil
    Encoding.default_external = "ISO-8859-1"
    [File.read("#{root}/latin1.txt"), File.readlines("#{root}/latin1.txt"), File.read("#{root}/latin1.txt", encoding: "bom|utf-8")]
  end
  observe("encodings of names", isolated: true) do |root|
    directory = "#{root}/names"
    [Dir.children(directory).sort, Dir.children(directory, encoding: "ISO-8859-1").map(&:encoding).uniq, Dir.glob("#{directory}/gr*"), Dir.glob("gr*", base: directory), Dir.entries(directory, encoding: "BINARY").sort.last, Dir["#{directory}/größe*".b]]
  end
  observe("encodings of paths") { |root| [File.realpath("#{root}/names/größe.txt"), File.realpath("#{root}/names/größe.txt".b), File.readlink("#{root}/links/file"), File.open("#{root}/names/größe.txt".b, &:path)] }

  # protection: 1 read, 2 write; flags: 1 shared, 2 private, as mman.h has them. Returns a pointer, or nil and errno.
  map = lambda do |path, protection, flags|
    types = [Fiddle::TYPE_VOIDP, Fiddle::TYPE_SIZE_T, *[Fiddle::TYPE_INT] * 3, Fiddle::TYPE_LONG]
    mmap = Fiddle::Function.new(Fiddle.dlopen(nil)["mmap"], types, Fiddle::TYPE_INTPTR_T)
    address = File.open(path) { |file| mmap.call(nil, file.size, protection, flags, file.fileno, 0) }
    address == -1 ? Fiddle.last_error : Fiddle::Pointer.new(address)
  end
  observe("mmap", needs: "fiddle") { |root| [2, 1].map { |flags| map.("#{root}/lines.txt", 1, flags)[0, 30] } }
  observe("mmap of a file that is kept in memory by nothing else", needs: "fiddle") { |root| map.("#{root}/binary.bin", 1, 1).then { |pointer| GC.start && 0; pointer[76_700, 100] } }
  observe("mmap that is written to, privately", needs: "fiddle") { |root| map.("#{root}/VERSION", 3, 2).then { |pointer| pointer[0, 3] = "9.9"; [pointer[0, 6], File.read("#{root}/VERSION")] } }
  observe("mmap that would write to the file", needs: "fiddle") { |root| map.("#{root}/VERSION", 3, 1) }
  observe("IO::Buffer.map") do |root|
    next "no IO::Buffer here" unless defined?(IO::Buffer) && IO::Buffer.respond_to?(:map)

    $VERBOSE = nil
    File.open("#{root}/lines.txt") { |file| IO::Buffer.map(file, nil, 0, IO::Buffer::READONLY).get_string(0, 30) }
  end
  observe("stdio of the C library", needs: "fiddle") do |root|
    libc = Fiddle.dlopen(nil)
    call = lambda do |name, arguments, result, *values|
      Fiddle::Function.new(libc[name], arguments, result).call(*values)
    end
    file = call.("fopen", [Fiddle::TYPE_VOIDP] * 2, Fiddle::TYPE_VOIDP, "#{root}/VERSION", "r")
    next "not opened" if file.null?

    [call.("fgetc", [Fiddle::TYPE_VOIDP], Fiddle::TYPE_INT, file), call.("fclose", [Fiddle::TYPE_VOIDP], Fiddle::TYPE_INT, file)]
  end
end
