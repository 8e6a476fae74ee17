# frozen_string_literal: true

# Asking about files without reading them: stat, predicates, real paths, links.
CaseList.subject(:stat) do
  names = %w[VERSION empty binary.bin lib modes/run modes/read_only modes/secret modes/nobody modes/private empty_dir
             links/file links/chain links/dir links/self links/through links/slash .hidden nothing lib/nothing VERSION/x]
  links = %w[links/broken links/loop]

  questions = %i[exist? file? directory? symlink? readable? executable? readable_real? executable_real?
                 world_readable? world_writable? zero? empty? owned? grpowned? setuid? setgid? sticky?
                 pipe? socket? blockdev? chardev? ftype]
  questions.each do |question|
    observe("File.#{question}") { |root| (names + links).to_h { |name| [name, try { File.public_send(question, "#{root}/#{name}") }] } }
  end
  files = names - %w[lib modes/private empty_dir links/dir links/self links/slash] # what the size of a directory is, differs between file systems
  observe("File.size, size?") { |root| (files + links).to_h { |name| [name, try { File.size("#{root}/#{name}") }, try { File.size?("#{root}/#{name}") }].then { |key, *sizes| [key, sizes] } } }
  observe("File.writable?, writable_real?") { |root| ["", *names].to_h { |name| [name, [File.writable?("#{root}/#{name}"), File.writable_real?("#{root}/#{name}")]] } }
  observe("the root itself") { |root| questions.to_h { |question| [question, try { File.public_send(question, root) }] } }
  observe("FileTest") { |root| ask(FileTest, %i[exist? file? directory? size zero? readable? executable? symlink? world_readable?], "#{root}/links/file") }
  observe("test()") { |root| "rxoRXOezsfdlpSbcugk".chars.to_h { |command| [command, %w[VERSION modes/run links/file nothing].map { |name| try { test(command, "#{root}/#{name}") } }] } }
  observe("test() for writing") { |root| %w[w W].map { |command| %w[VERSION modes/run links/file nothing].map { |name| test(command, "#{root}/#{name}") } } }
  observe("test() with times and two files") { |root| [test("M", "#{root}/VERSION"), *%w[= < > -].map { |command| test(command, "#{root}/VERSION", "#{root}/text.txt") }] }
  observe("methods of an open file or directory as arguments") { |root| File.open("#{root}/VERSION") { |file| [File.size(file), File.file?(file), File.exist?(file), File.stat(file).mode, File.identical?(file, "#{root}/VERSION"), test("f", file)] } }

  # Of a directory the size and the number of links are the file system's own business.
  fields = %i[mode mtime uid gid ftype symlink? readable? writable? executable? readable_real? executable_real? owned? grpowned? world_readable? world_writable? setuid? setgid? sticky?
              pipe? socket? blockdev? chardev? file? directory?]
  observe("File.stat") do |root|
    (names + links).to_h { |name| [name, try { stat = File.stat("#{root}/#{name}"); ask(stat, fields + (stat.directory? ? [] : %i[size size? zero? nlink])) }] }
  end
  observe("File.lstat") do |root|
    (names + links).to_h { |name| [name, try { stat = File.lstat("#{root}/#{name}"); ask(stat, fields - (stat.symlink? ? [:mtime] : []) + (stat.directory? ? [] : %i[size nlink])) }] }
  end
  observe("the time of a link itself") { |root| File.lstat("#{root}/links/file").mtime.class }
  observe("stat of the root") { |root| [File.stat(root), File.lstat(root)].map { |stat| ask(stat, %i[directory? ftype readable? executable?]) } }
  observe("classes of the other fields") { |root| File.stat("#{root}/VERSION").then { |stat| %i[atime ctime dev ino blocks blksize dev_major dev_minor rdev].to_h { |name| [name, stat.public_send(name).class] } } }
  observe("birthtime") { |root| try { File.birthtime("#{root}/VERSION").class.ancestors.include?(Time) } }
  observe("File.mtime, atime, ctime") { |root| %w[VERSION lib links/file nothing].map { |name| [try { File.mtime("#{root}/#{name}") }, try { File.atime("#{root}/#{name}").class }, try { File.ctime("#{root}/#{name}").class }] } }
  observe("File::Stat.new") { |root| [File::Stat.new("#{root}/VERSION").size, try { File::Stat.new("#{root}/nothing") }, File::Stat.new("#{root}/VERSION") <=> File::Stat.new("#{root}/text.txt")] }
  observe("all sizes") { |root| Dir.glob("#{root}/**/*", File::FNM_DOTMATCH).select { |path| File.file?(path) && !path.include?("/links/") && !path.end_with?("nobody") && !path.end_with?(".pem", ".so") }.to_h { |path| [path, [File.size(path), File.stat(path).size, File.open(path, &:size), File.binread(path).size]] } }
  observe("fstat is the same as stat") do |root|
    %w[VERSION binary.bin modes/run].map { |name| File.open("#{root}/#{name}") { |file| %i[ino dev mode size mtime uid gid nlink].map { |field| file.stat.public_send(field) == File.stat(file.path).public_send(field) } } }
  end
  observe("fstat of a directory is the same as stat") { |root| Dir.open("#{root}/lib") { |dir| IO.for_fd(dir.fileno, autoclose: false).then { |io| %i[ino dev mode mtime directory?].map { |field| io.stat.public_send(field) == File.stat("#{root}/lib").public_send(field) } } } }
  observe("inode numbers") do |root|
    ino = ->(name) { File.stat("#{root}/#{name}").ino }
    [ino["VERSION"] == ino["VERSION"], ino["VERSION"] == ino["text.txt"], ino["links/file"] == ino["text.txt"], ino["lib"] == ino["links/dir"], ino["lib/.."] == ino["."], ino["VERSION"].positive?]
  end
  observe("File.identical?") do |root|
    [%w[VERSION VERSION], %w[VERSION lib/../VERSION], %w[text.txt links/file], %w[VERSION text.txt], %w[VERSION nothing], %w[lib links/dir], %w[lib views]]
      .map { |a, b| File.identical?("#{root}/#{a}", "#{root}/#{b}") } << File.identical?("#{root}/VERSION", __FILE__)
  end
  observe("on the same device") { |root| [File.stat("#{root}/lib").dev == File.stat("#{root}/VERSION").dev, File.stat("#{root}/lib").dev == File.stat(root).dev] }

  observe("File.realpath") { |root| (names + links).to_h { |name| [name, try { File.realpath("#{root}/#{name}") }] } }
  observe("File.realdirpath") { |root| (names + links).to_h { |name| [name, try { File.realdirpath("#{root}/#{name}") }] } }
  observe("real paths of what is not clean") { |root| ["", "/", "/.", "//lib//main.rb", "/lib/../lib/main.rb", "/lib/./main/..", "/VERSION/..", "/links/dir/..", "/links/dir/../VERSION", "/.."].to_h { |rest| [rest, try { File.realpath("#{root}#{rest}") }] } }
  observe("real paths relative to a directory") { |root| [File.realpath("main.rb", "#{root}/lib"), File.realpath("../VERSION", "#{root}/links/dir"), File.realdirpath("new", root), try { File.realpath("new", root) }] }
  observe("File.readlink") { |root| (%w[links/file links/broken links/loop links/absolute links/outside links/slash VERSION lib nothing]).to_h { |name| [name, try { File.readlink("#{root}/#{name}") }] } }
  observe("links that are followed") { |root| %w[links/file links/chain links/through links/self/file links/up/VERSION links/dir/main.rb links/slash/main.rb links/self/self/self/dir/main/part.rb].map { |name| File.read("#{root}/#{name}") } }
  observe("links to directories") { |root| [Dir.children("#{root}/links/dir").sort, Dir.exist?("#{root}/links/slash"), File.directory?("#{root}/links/self/self"), Dir.glob("#{root}/links/dir/*.rb").sort] }
  observe("links that lead nowhere") { |root| %w[links/broken links/loop links/broken/x links/loop/x links/file/x].map { |name| ask(self, []) && [try { File.read("#{root}/#{name}") }, try { File.stat("#{root}/#{name}") }, File.exist?("#{root}/#{name}"), File.symlink?("#{root}/#{name}")] } }
  observe("a relative link that leads out") { |root| try { File.read("#{root}/links/outside") } }
  observe("an absolute link that leads out") { |root| try { File.file?("#{root}/links/absolute") } }
  observe("a real link that leads in") { |root, scratch| File.symlink("#{root}/lib", "#{scratch}/in") && [File.read("#{scratch}/in/top_level.rb"), File.realpath("#{scratch}/in/main.rb"), Dir.children("#{scratch}/in").sort, File.stat("#{scratch}/in").directory?, File.lstat("#{scratch}/in").symlink?] }
  observe("a real link to a file that leads in") { |root, scratch| File.symlink("#{root}/VERSION", "#{scratch}/in") && [File.read("#{scratch}/in"), File.size("#{scratch}/in"), File.realpath("#{scratch}/in"), File.readlink("#{scratch}/in"), File.identical?("#{scratch}/in", "#{root}/VERSION")] }

  observe("umask plays no part", isolated: true) { |root| File.umask(0o777) && [File.stat("#{root}/VERSION").mode, File.open("#{root}/VERSION") { |file| file.stat.mode }] }
  observe("File.extname and others of names alone") { |root| [File.basename("#{root}/lib/main.rb", ".rb"), File.dirname("#{root}/lib"), File.extname("#{root}/x.y"), File.split("#{root}/a"), File.absolute_path("x", root), File.absolute_path?(root), File.expand_path("../x", root), File.fnmatch("#{root}/*", "#{root}/a")] }
  observe("sorted by time and size") { |root| [Dir["#{root}/*.txt"].sort_by { |path| File.mtime(path) }, Dir["#{root}/*.txt"].max_by { |path| File.size(path) }] }
end
