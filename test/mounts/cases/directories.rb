# frozen_string_literal: true

# Listing and walking: Dir, Find, Pathname, and the working directory.
CaseList.subject(:directories) do
  patterns = %w[* ** **/ **/* **/*.rb */ */* .* .*/* *.txt *.{yml,json} {lib,views}/*.rb lib/{main,both}* [a-c]* [^a-m]* ?ext.txt names/* names/\[* names/*\? names/gr??e.txt links/* links/*/ links/**/*.rb
                **/main/** deep/**/e.txt deep/**/ nothing/* VERSION VERSION/ VERSION/* lib lib/ lib/. lib/.. lib//main.rb ./lib/*.rb lib/../*.yml
                links/broken links/loop links/dir/*.rb links/di* {nothing,VERSION} {,lib/}main.rb ***/*.erb modes/**/* empty_dir/* empty_dir empty/*]
  patterns.each { |pattern| observe("Dir.glob #{pattern}") { |root| [Dir.glob("#{root}/#{pattern}"), Dir.glob(pattern, base: root)] } }
  observe("Dir.glob with flags") do |root|
    { dotmatch: File::FNM_DOTMATCH, nocase: File::FNM_CASEFOLD, noescape: File::FNM_NOESCAPE, pathname: File::FNM_PATHNAME, extglob: File::FNM_EXTGLOB }
      .to_h { |name, flag| [name, %w[* **/* VERS* vers* LIB/*.rb .*].map { |pattern| Dir.glob(pattern, flag, base: root) }] }
  end
  observe("Dir.glob of several patterns") { |root| [Dir.glob(%w[*.txt lib/*.rb], base: root), Dir["#{root}/*.yml", "#{root}/views/*"], Dir[*%w[*.txt *.xml], base: root]] }
  observe("Dir.glob sorted or not") { |root| [Dir.glob("*", base: root, sort: true), Dir.glob("*", base: root, sort: false).sort, Dir.glob("**/*", base: root, sort: false).sort] }
  observe("Dir.glob with a block") { |root| [].tap { |found| found << Dir.glob("#{root}/lib/*.rb") { |path| found << path } } }
  observe("Dir.glob below a subdirectory") { |root| [Dir.glob("**/*", base: "#{root}/lib"), Dir.glob("*", base: "#{root}/nothing"), Dir.glob("*", base: "#{root}/VERSION"), Dir.glob("../*.yml", base: "#{root}/lib"), Dir.glob("", base: root), Dir.glob("*", base: "") == Dir.glob("*")] }
  observe("Dir.glob below an open directory") { |root| Dir.open("#{root}/lib") { |dir| [Dir.glob("*", base: dir), Dir.glob("main/*", base: dir), Dir["**/*", base: dir]] } }
  observe("Dir.glob with what Ruby cannot take") { |root| [try { Dir.glob("#{root}/*\0") }, try { Dir.glob(nil, base: root) }] }
  observe("Dir.glob from the real parent through the root") { |root| Dir.glob("#{File.dirname(root)}/app/lib/*.rb") }

  observe("Dir.children") { |root| %w[. lib lib/ names links deep/a empty_dir links/dir].map { |name| Dir.children("#{root}/#{name}").sort } }
  observe("Dir.children of what is none") { |root| %w[nothing VERSION VERSION/x links/broken links/loop].map { |name| try { Dir.children("#{root}/#{name}") } } }
  observe("Dir.entries") { |root| [Dir.entries(root).sort, Dir.entries("#{root}/empty_dir").sort, try { Dir.entries("#{root}/nothing") }] }
  observe("Dir.each_child") { |root| [].tap { |found| found << Dir.each_child("#{root}/lib") { |name| found << name } }.then { |found| found.compact.sort } << Dir.each_child("#{root}/lib").to_a.size }
  observe("Dir.foreach") { |root| [Dir.foreach("#{root}/lib").to_a.sort, try { Dir.foreach("#{root}/VERSION").to_a }] }
  observe("Dir.exist?") { |root| %w[. lib lib/ lib/. VERSION nothing links/dir links/file links/broken empty_dir VERSION/ lib/../views].map { |name| Dir.exist?("#{root}/#{name}") } }
  observe("Dir.empty?") { |root| %w[empty_dir lib VERSION nothing links/dir modes/private].map { |name| try { Dir.empty?("#{root}/#{name}") } } }

  observe("Dir.open") do |root|
    dir = Dir.open("#{root}/lib")
    [dir.path, dir.to_path, dir.read.class, dir.tell.class, dir.each.class, dir.children.size, dir.inspect, dir.fileno.class, dir.close, try { dir.read }]
  end
  observe("Dir.new") { |root| [Dir.new("#{root}/lib").each_child.to_a.sort, Dir.new(root, encoding: "BINARY").children.map(&:encoding).uniq, try { Dir.new("#{root}/nothing") }] }
  observe("Dir#read to the end") { |root| Dir.open("#{root}/names") { |dir| [Array.new(7) { dir.read }.compact.sort, dir.read, dir.read] } }
  observe("Dir#rewind") { |root| Dir.open("#{root}/lib") { |dir| first = dir.each.to_a; [dir.read, dir.rewind.equal?(dir), dir.each.to_a == first] } }
  observe("Dir#seek and tell") { |root| Dir.open("#{root}/lib") { |dir| dir.read; place = dir.tell; after = dir.read; dir.read; [dir.seek(place).equal?(dir), dir.read == after, (dir.pos = place) == place, dir.read == after] } }
  observe("two open directories") { |root| Dir.open("#{root}/lib") { |a| Dir.open("#{root}/lib") { |b| a.read; [a.each.to_a.size + 1 == b.each.to_a.size, a.fileno == b.fileno] } } }
  observe("reading a directory's descriptor") { |root| Dir.open("#{root}/lib") { |dir| io = IO.for_fd(dir.fileno, autoclose: false); [try { io.read }, io.stat.directory?] } }
  observe("Dir#chdir and Dir.fchdir", isolated: true) { |root| Dir.open("#{root}/lib") { |dir| [(try { dir.chdir { [Dir.pwd, File.exist?("main.rb")] } } if dir.respond_to?(:chdir)), (try { Dir.fchdir(dir.fileno) { Dir.pwd } } if Dir.respond_to?(:fchdir))] } }
  observe("Dir.for_fd") { |root| Dir.respond_to?(:for_fd) ? Dir.open("#{root}/lib") { |dir| Dir.for_fd(IO.for_fd(dir.fileno, autoclose: false).dup.tap { |io| io.autoclose = false }.fileno).children.sort } : "not in this Ruby" }
  observe("directories opened as files") { |root| [File.open("#{root}/lib") { |file| [file.stat.directory?, try { file.read }, try { file.gets }] }, File.directory?(File.open(root)), IO.sysopen("#{root}/lib").class] }
  observe("a directory opened with O_DIRECTORY") do |root|
    # Ruby has no name for it. It is part of O_TMPFILE, beside a bit that is the same everywhere.
    only_directories = File::RDONLY | (File::TMPFILE & ~0o20000000)
    [File.open("#{root}/lib", only_directories) { |file| file.stat.ftype }, try { File.open("#{root}/VERSION", only_directories) }]
  end

  observe("Dir.chdir with a block", isolated: true) do |root|
    before = Dir.pwd
    inside = Dir.chdir("#{root}/lib") { |path| [path, Dir.pwd, Dir.getwd, File.read("../VERSION"), Dir.children(".").sort, File.exist?("main.rb"), File.expand_path("x"), Dir.glob("*.rb")] }
    [inside, Dir.pwd == before]
  end
  observe("Dir.chdir without a block", isolated: true) { |root| [Dir.chdir(root), Dir.pwd, Dir.chdir("lib"), Dir.pwd, Dir.chdir(".."), Dir.pwd, Dir.chdir("links/dir"), Dir.pwd, Dir.chdir("/"), Dir.pwd] }
  observe("Dir.chdir nested", isolated: true) { |root| Dir.chdir(root) { Dir.chdir("deep/a") { Dir.chdir("b") { [Dir.pwd, File.read("c/d/e.txt"), Dir.chdir("../../..") { Dir.pwd }] } << Dir.pwd } << Dir.pwd } }
  observe("Dir.chdir out and back", isolated: true) { |root, scratch| Dir.chdir(root) { [Dir.chdir(scratch) { [Dir.pwd, File.write("made", "x"), File.exist?("VERSION")] }, Dir.pwd, File.exist?("VERSION"), File.exist?("made")] } << File.read("#{scratch}/made") }
  observe("Dir.chdir into the real parent", isolated: true) { |root| Dir.chdir(root) { Dir.chdir("..") { [Dir.pwd, File.read("outside.txt"), File.read("app/VERSION"), Dir.chdir("app") { Dir.pwd }] } } }
  observe("Dir.chdir to what is no directory", isolated: true) { |root| %w[nothing VERSION links/broken links/loop VERSION/x].map { |name| try { Dir.chdir("#{root}/#{name}") } } << Dir.pwd.end_with?("app") }
  observe("Dir.chdir and an exception", isolated: true) { |root| before = Dir.pwd; [try { Dir.chdir(root) { raise IOError, "left" } }, Dir.pwd == before] }
  observe("relative paths of all kinds", isolated: true) do |root|
    Dir.chdir("#{root}/lib") { ["main.rb", "./main.rb", "main/part.rb", "../VERSION", "main/../../VERSION", "../../outside.txt", "nothing", "../lib/../nothing"].map { |path| [path, try { File.size(path) }, File.exist?(path), try { File.realpath(path) }, File.absolute_path(path)] } }
  end
  observe("relative paths in all calls", isolated: true) do |root|
    Dir.chdir(root) { [File.stat("VERSION").size, File.lstat("links/file").ftype, File.readlink("links/file"), File.open("VERSION", &:read), IO.sysopen("VERSION").class, Dir.open("lib") { |dir| dir.children.size }, File.realpath("links/dir"), Dir.exist?("lib"), File.identical?("VERSION", "./VERSION"), File.readable?("VERSION")] }
  end
  observe("an open file when the directory changes", isolated: true) { |root| Dir.chdir(root) { file = File.open("VERSION"); Dir.chdir("lib") { [file.read, file.path, try { File.size(file.path) }] } } }
  observe("the working directory of a thread", isolated: true) { |root| Dir.chdir(root) && Thread.new { [Dir.pwd, File.read("VERSION")] }.value }
  observe("the working directory after fork", isolated: true) { |root| Dir.chdir("#{root}/lib"); reader, writer = IO.pipe; Process.wait(fork { writer << [Dir.pwd, File.size("top_level.rb")].inspect; writer.close; exit!(true) }); writer.close; reader.read }
  observe("Dir.chdir with a Pathname and with HOME", isolated: true) { |root| require "pathname"; ENV["HOME"] = "#{root}/lib"; [Dir.chdir(Pathname(root)) { Dir.pwd }, Dir.chdir { Dir.pwd }, File.read(File.expand_path("~/top_level.rb")).size, Dir.home] }
  observe("PWD of the environment plays no part", isolated: true) { |root| ENV["PWD"] = "#{root}/lib"; Dir.chdir(root) { Dir.pwd } }

  observe("Find", needs: "find") { |root| [Find.find(root).sort, Find.find("#{root}/lib", "#{root}/views").sort, Find.find("#{root}/VERSION").to_a, try { Find.find("#{root}/nothing").to_a }] }
  observe("Find.prune", needs: "find") { |root| [].tap { |found| Find.find(root) { |path| Find.prune if path.end_with?("/lib", "/names"); found << path } }.sort }
  observe("the parent's neighbours") { |root| [File.read("#{root}/../outside.txt"), Dir.children(File.dirname(root)).include?("outside.txt")] }
  observe("the root in the listing of its real parent") { |root| Dir.children(File.dirname(root)).sort }
end
