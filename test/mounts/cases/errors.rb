# frozen_string_literal: true

# Errors, exactly as on disk; and everything that would change a file.
CaseList.subject(:errors) do
  readers = { read: ->(path) { File.read(path) }, open: ->(path) { File.open(path).close }, sysopen: ->(path) { IO.sysopen(path).class }, stat: ->(path) { File.stat(path).ftype },
              lstat: ->(path) { File.lstat(path).ftype }, size: ->(path) { File.size(path).class }, opendir: ->(path) { Dir.open(path).close }, children: ->(path) { Dir.children(path).sort },
              readlink: ->(path) { File.readlink(path) }, realpath: ->(path) { File.realpath(path) }, mtime: ->(path) { File.mtime(path) }, ftype: ->(path) { File.ftype(path) },
              foreach: ->(path) { File.foreach(path).first }, load: ->(path) { load(path) } }
  places = { "a missing file" => "nothing", "a missing directory" => "nothing/at/all", "a file as a directory" => "VERSION/x", "a file with a slash" => "VERSION/", "a file with a slash and a dot" => "VERSION/.",
             "a file and up" => "VERSION/..", "a directory" => "lib", "a directory with a slash" => "lib/", "a directory and a dot" => "lib/.", "a directory and up" => "lib/main/..", "two slashes" => "lib//main",
             "many slashes" => "///lib///", "up and down" => "lib/../lib/../lib", "up from what is missing" => "nothing/../VERSION", "a name that is too long" => "n" * 256, "a path that is too long" => "lib/../" * 700 + "lib",
             "a loop" => "links/loop", "below a loop" => "links/loop/x", "a link to nothing" => "links/broken", "below a link to a file" => "links/file/x", "a link with a slash" => "links/dir/", "a link to a file with a slash" => "links/file/",
             "a directory without contents" => "empty_dir", "another case" => "version", "a trailing blank" => "VERSION ", "a file without permissions" => "modes/nobody", "too many links" => "links#{"/self" * 45}" }
  places.each { |description, place| observe(description) { |root| readers.to_h { |name, reader| [name, try { reader.call("#{root}/#{place}") }] } } }
  observe("the root with slashes and dots") { |root| ["", "/", "//", "/.", "/./", "/.//."].map { |rest| [Dir.children("#{root}#{rest}").size, File.stat("#{root}#{rest}").directory?, try { File.read("#{root}#{rest}") }] } }
  observe("a name that only begins like the root") { |root| [try { File.read("#{root}x/VERSION") }, File.exist?("#{root}x"), try { Dir.children("#{root}.d") }, File.exist?(root.chop)] }
  observe("the root spelled in another way") { |root| ["/#{root}", "/./#{root}", "/tmp/../#{root}", root.gsub("/", "//"), "#{File.dirname(root)}/./app", "#{File.dirname(root)}/nothing/../app"].map { |path| try { File.read("#{path}/VERSION") } } }
  observe("out of the root and in again") { |root| [File.read("#{root}/../app/VERSION"), File.read("#{root}/lib/../../app/lib/../VERSION"), File.read("#{root}/../outside.txt"), try { File.read("#{root}/../nothing") }, Dir.exist?("#{root}/../../.."), File.directory?("#{root}/..")] }
  observe("a NUL byte") { |root| [try { File.read("#{root}/VERSION\0") }, try { File.exist?("#{root}/VERSION\0") }, try { Dir.children("#{root}\0") }, try { File.realpath("#{root}\0") }] }
  observe("an empty path, with the working directory inside", isolated: true) { |root| Dir.chdir(root) { [try { File.read("") }, File.exist?(""), try { File.stat("") }, try { Dir.open("") }, try { Dir.chdir("") }] } }

  # A file system that can only be read looks for the file first in these, and for a reason to refuse first in those below.
  observe("changing what is not there") do |root|
    missing = "#{root}/nothing"
    { chmod: try { File.chmod(0o600, missing) }, utime: try { File.utime(1, 1, missing) }, truncate: try { File.truncate(missing, 0) }, chown: try { File.chown(nil, nil, missing) },
      open: try { File.open(missing, "r+") }, link: try { File.link(missing, "#{root}/x") }, write: try { File.open("#{missing}/x", "w") }, mkdir: try { Dir.mkdir("#{missing}/x") },
      symlink: try { File.symlink("x", "#{missing}/x") }, rename: try { File.rename("#{root}/VERSION", "#{missing}/x") } }
  end
  observe("changing what is below a file") do |root|
    below = "#{root}/VERSION/x"
    { rmdir: try { Dir.rmdir(below) }, delete: try { File.delete(below) }, write: try { File.open(below, "w") }, mkdir: try { Dir.mkdir(below) }, rename: try { File.rename(below, "#{root}/x") }, chmod: try { File.chmod(0o600, below) } }
  end
  observe("making what is already there") do |root|
    { mkdir: try { Dir.mkdir("#{root}/lib") }, mkdir_root: try { Dir.mkdir(root) }, mkdir_file: try { Dir.mkdir("#{root}/VERSION") }, symlink: try { File.symlink("x", "#{root}/VERSION") }, mkfifo: try { File.mkfifo("#{root}/VERSION") },
      exclusive: try { File.open("#{root}/VERSION", File::CREAT | File::EXCL | File::WRONLY) }, directory: try { File.open("#{root}/lib", "w") }, append: try { File.open("#{root}/lib", "a") }, both: try { File.open("#{root}/lib", "r+") },
      truncate: try { File.truncate("#{root}/lib", 0) }, slash: try { File.open("#{root}/nothing/", "w") }, link: try { File.link("#{root}/VERSION", "#{root}/lib") } }
  end
  observe("removing a directory by its dot") { |root| try { Dir.rmdir("#{root}/lib/.") } }

  change("File.delete of what is not there", fails: true) { |root| File.delete("#{root}/nothing") }
  change("File.delete of a directory", fails: true) { |root| File.delete("#{root}/lib") }
  change("Dir.rmdir of what is not there", fails: true) { |root| Dir.rmdir("#{root}/nothing") }
  change("Dir.rmdir of a file", fails: true) { |root| Dir.rmdir("#{root}/VERSION") }
  change("Dir.rmdir of a directory that is not empty", fails: true) { |root| Dir.rmdir("#{root}/lib") }
  change("File.rename of what is not there", fails: true) { |root| File.rename("#{root}/nothing", "#{root}/x") }
  change("File.rename of a directory over a file", fails: true) { |root| File.rename("#{root}/lib", "#{root}/VERSION") }
  change("File.rename out", refused: Errno::EXDEV) { |root, scratch| File.rename("#{root}/VERSION", "#{scratch}/x") }
  change("File.rename in", refused: Errno::EXDEV) { |root, scratch| File.write("#{scratch}/x", "") && File.rename("#{scratch}/x", "#{root}/x") }
  change("File.link out", refused: Errno::EXDEV) { |root, scratch| File.link("#{root}/VERSION", "#{scratch}/x") }
  change("File.write") { |root| [File.write("#{root}/VERSION", "2"), File.read("#{root}/VERSION")] }
  change("File.write of a new file") { |root| [File.write("#{root}/new", "2"), File.read("#{root}/new"), Dir.children(root).include?("new")] }
  change("File.write at an offset") { |root| [File.write("#{root}/VERSION", "9", 2), File.read("#{root}/VERSION")] }
  change("File.binwrite") { |root| [File.binwrite("#{root}/lib/new.bin", "\0"), File.size("#{root}/lib/new.bin")] }
  %w[w w+ a a+ r+ wb ab].each { |mode| change("File.open #{mode}") { |root| File.open("#{root}/VERSION", mode) { |file| file.write("x") } && File.read("#{root}/VERSION") } }
  %w[w a w+].each { |mode| change("File.open #{mode} of a new file") { |root| File.open("#{root}/new", mode) { |file| file << "x" } && File.read("#{root}/new") } }
  change("File.open with flags") { |root| File.open("#{root}/new", File::RDWR | File::CREAT | File::EXCL, 0o640) { |file| file.write("x") } && File.stat("#{root}/new").mode }
  change("IO.sysopen for writing") { |root| IO.for_fd(IO.sysopen("#{root}/VERSION", "w"), "w").close }
  change("File.truncate") { |root| [File.truncate("#{root}/VERSION", 2), File.read("#{root}/VERSION")] }
  change("File.delete") { |root| [File.delete("#{root}/VERSION"), File.exist?("#{root}/VERSION")] }
  change("File.delete of a link") { |root| [File.unlink("#{root}/links/file"), File.symlink?("#{root}/links/file"), File.exist?("#{root}/text.txt")] }
  change("File.rename") { |root| [File.rename("#{root}/VERSION", "#{root}/lib/VERSION"), File.read("#{root}/lib/VERSION"), File.exist?("#{root}/VERSION")] }
  change("File.rename over another") { |root| [File.rename("#{root}/VERSION", "#{root}/text.txt"), File.read("#{root}/text.txt")] }
  change("File.rename of a directory") { |root| [File.rename("#{root}/lib", "#{root}/moved"), Dir.children("#{root}/moved").size, Dir.exist?("#{root}/lib")] }
  change("Dir.mkdir") { |root| [Dir.mkdir("#{root}/new"), Dir.children("#{root}/new"), Dir.exist?("#{root}/new")] }
  change("Dir.rmdir") { |root| [Dir.rmdir("#{root}/empty_dir"), Dir.exist?("#{root}/empty_dir")] }
  change("File.symlink") { |root| [File.symlink("VERSION", "#{root}/new"), File.read("#{root}/new")] }
  change("File.link") { |root| [File.link("#{root}/VERSION", "#{root}/new"), File.read("#{root}/new"), File.identical?("#{root}/new", "#{root}/VERSION")] }
  change("File.chmod") { |root| [File.chmod(0o600, "#{root}/VERSION"), File.stat("#{root}/VERSION").mode] }
  change("File.chown") { |root| File.chown(Process.uid, Process.gid, "#{root}/VERSION") }
  change("File.lchown") { |root| File.lchown(Process.uid, Process.gid, "#{root}/links/file") }
  change("File.utime") { |root| [File.utime(5, 7, "#{root}/VERSION"), File.mtime("#{root}/VERSION").to_i] }
  change("File.lutime") { |root| [File.lutime(5, 7, "#{root}/links/file"), File.lstat("#{root}/links/file").mtime.to_i, File.mtime("#{root}/text.txt").to_i] }
  change("File.mkfifo") { |root| [File.mkfifo("#{root}/new"), File.ftype("#{root}/new")] }
  change("FileUtils.touch", needs: "fileutils") { |root| FileUtils.touch("#{root}/VERSION") }
  change("FileUtils.touch of a new file", needs: "fileutils") { |root| FileUtils.touch("#{root}/new") && File.size("#{root}/new") }
  change("FileUtils.rm", needs: "fileutils") { |root| FileUtils.rm("#{root}/VERSION") && File.exist?("#{root}/VERSION") }
  change("FileUtils.rm_r", needs: "fileutils") { |root| FileUtils.rm_r("#{root}/lib") && Dir.exist?("#{root}/lib") }
  change("FileUtils.mkdir_p", needs: "fileutils") { |root| FileUtils.mkdir_p("#{root}/a/b/c") && Dir.children("#{root}/a/b") }
  change("FileUtils.cp inside", needs: "fileutils") { |root| FileUtils.cp("#{root}/VERSION", "#{root}/new") || File.read("#{root}/new") }
  change("FileUtils.mv inside", needs: "fileutils") { |root| FileUtils.mv("#{root}/VERSION", "#{root}/new") && File.read("#{root}/new") }
  change("FileUtils.ln_s", needs: "fileutils") { |root| FileUtils.ln_s("text.txt", "#{root}/new") && File.read("#{root}/new") }
  change("FileUtils.install inside", needs: "fileutils") { |root| FileUtils.install("#{root}/VERSION", "#{root}/new", mode: 0o600) || File.stat("#{root}/new").mode }
  change("FileUtils.chmod_R", needs: "fileutils") { |root| FileUtils.chmod_R(0o700, "#{root}/lib") && File.stat("#{root}/lib/main.rb").mode }
  change("Pathname writing", needs: "pathname") { |root| Pathname("#{root}/new").write("x") }
  change("Tempfile inside", needs: "tempfile") { |root| Tempfile.create("x", root) { |file| file.write("x") } }
  change("Dir.mktmpdir inside", needs: "tmpdir") { |root| Dir.mktmpdir("x", root) { |path| Dir.exist?(path) } }
  change("IO.copy_stream inwards") { |root| IO.copy_stream(__FILE__, "#{root}/new").positive? }
  change("a relative path for writing") { |root| Dir.chdir(root) { File.write("new", "x") } }
  change("through a real link") { |root, scratch| File.symlink(root, "#{scratch}/in") && File.write("#{scratch}/in/VERSION", "x") }
end
