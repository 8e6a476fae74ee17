# frozen_string_literal: true

# Getting files out: copying, comparing, passing a descriptor to a child process.
CaseList.subject(:copies, needs: "fileutils") do
  # A description of a copied tree.
  tree = lambda do |directory|
    Dir.glob("**/*", File::FNM_DOTMATCH, base: directory).sort.to_h do |name|
      stat = File.lstat("#{directory}/#{name}")
      [name, [stat.ftype, stat.mode, stat.file? && File.binread("#{directory}/#{name}").sum(32), stat.symlink? && File.readlink("#{directory}/#{name}")]]
    end
  end

  observe("FileUtils.cp") { |root, scratch| FileUtils.cp("#{root}/VERSION", "#{scratch}/copy") || [File.read("#{scratch}/copy"), File.stat("#{scratch}/copy").mode] }
  observe("FileUtils.cp of several into a directory") { |root, scratch| FileUtils.cp(%w[VERSION text.txt].map { |name| "#{root}/#{name}" }, scratch) && Dir.children(scratch).sort }
  observe("FileUtils.cp that preserves") { |root, scratch| FileUtils.cp("#{root}/modes/run", "#{scratch}/copy", preserve: true) && File.stat("#{scratch}/copy").then { |stat| [stat.mode, stat.mtime] } }
  observe("FileUtils.cp of a directory or nothing") { |root, scratch| [try { FileUtils.cp("#{root}/lib", "#{scratch}/x") }, try { FileUtils.cp("#{root}/nothing", scratch) }] }
  observe("FileUtils.cp_r") { |root, scratch| FileUtils.cp_r("#{root}/lib", "#{scratch}/copy") || tree.("#{scratch}/copy") }
  observe("FileUtils.cp_r of the whole") { |root, scratch| FileUtils.cp_r((Dir.children(root) - ["modes"]).sort.map { |name| "#{root}/#{name}" }, scratch) && tree.(scratch) }
  observe("FileUtils.cp_r that preserves") { |root, scratch| FileUtils.cp_r(%w[run read_only secret private].map { |name| "#{root}/modes/#{name}" }, scratch, preserve: true) && [tree.(scratch), Dir.glob("#{scratch}/*").sort.map { |path| File.mtime(path) }] }
  observe("FileUtils.cp_r that follows") { |root, scratch| FileUtils.cp_r("#{root}/links/dir", "#{scratch}/copy", dereference_root: true) || tree.("#{scratch}/copy") }
  observe("FileUtils.copy_entry, copy_file, copy_stream") do |root, scratch|
    FileUtils.copy_entry("#{root}/views", "#{scratch}/views")
    FileUtils.copy_file("#{root}/VERSION", "#{scratch}/VERSION", true)
    File.open("#{root}/text.txt") { |from| File.open("#{scratch}/text", "w") { |to| FileUtils.copy_stream(from, to) } }
    tree.(scratch)
  end
  observe("FileUtils.install") { |root, scratch| FileUtils.install("#{root}/modes/secret", "#{scratch}/installed", mode: 0o711, preserve: true) || File.stat("#{scratch}/installed").then { |stat| [stat.mode, stat.mtime] } }
  observe("FileUtils.compare_file, cmp, identical?") { |root, scratch| FileUtils.cp("#{root}/lines.txt", scratch) || [FileUtils.compare_file("#{root}/lines.txt", "#{scratch}/lines.txt"), FileUtils.cmp("#{root}/VERSION", "#{root}/empty"), FileUtils.identical?("#{root}/VERSION", "#{root}/lib/../VERSION"), File.open("#{root}/VERSION") { |a| File.open("#{root}/VERSION") { |b| FileUtils.compare_stream(a, b) } }] }
  observe("FileUtils.uptodate?") { |root, scratch| FileUtils.touch("#{scratch}/now") && [FileUtils.uptodate?("#{scratch}/now", Dir["#{root}/*.txt"]), FileUtils.uptodate?("#{root}/VERSION", ["#{scratch}/now"]), FileUtils.uptodate?("#{root}/nothing", ["#{root}/VERSION"])] }
  observe("FileUtils.ln_s to the inside") { |root, scratch| FileUtils.ln_s("#{root}/VERSION", "#{scratch}/link") && File.read("#{scratch}/link") }
  observe("FileUtils.cd, pwd", isolated: true) { |root| FileUtils.cd("#{root}/lib") { FileUtils.pwd } }
  observe("FileUtils.mkdir_p of what is there") { |root| [FileUtils.mkdir_p("#{root}/lib/main"), FileUtils.mkdir_p(root)] }
  observe("FileUtils.rm_f of what is not there") { |root| [FileUtils.rm_f("#{root}/nothing"), FileUtils.rm_rf("#{root}/nothing")] }

  observe("IO.copy_stream from a path") { |root, scratch| [IO.copy_stream("#{root}/lines.txt", "#{scratch}/copy"), File.binread("#{scratch}/copy").sum, IO.copy_stream("#{root}/text.txt", "#{scratch}/part", 5, 6), File.read("#{scratch}/part"), try { IO.copy_stream("#{root}/nothing", "#{scratch}/x") }] }
  observe("IO.copy_stream from an object") { |root, scratch| File.open("#{root}/binary.bin", "rb") { |from| File.open("#{scratch}/copy", "wb") { |to| [IO.copy_stream(from, to), IO.copy_stream(from, to), from.rewind, IO.copy_stream(from, to, 10)] } } << File.size("#{scratch}/copy") }
  observe("IO.copy_stream into memory and pipes") do |root|
    require "stringio"
    memory = StringIO.new
    reader, writer = IO.pipe
    [IO.copy_stream("#{root}/VERSION", memory), memory.string, IO.copy_stream("#{root}/text.txt", writer), writer.close, reader.read]
  end
  observe("IO.copy_stream into a socket", needs: "socket") { |root| UNIXSocket.pair.then { |a, b| [IO.copy_stream("#{root}/text.txt", a), a.close, b.read] } }

  observe("a child that reads it as standard input") { |root| [output_of("cat", in: "#{root}/VERSION"), output_of("wc", "-c", in: ["#{root}/lines.txt", "r"]), system("true", in: "#{root}/VERSION")] }
  observe("a child that inherits the descriptor") { |root| File.open("#{root}/text.txt") { |file| output_of("sh", "-c", "cat <&5", 5 => file) } }
  observe("a program that is run by name") { |root| output_of("#{root}/modes/run") }
  observe("a script of Ruby's that is run by name") { |root| try { output_of("#{root}/script.rb") } }
  observe("a program that may not be run") { |root| [try { output_of("#{root}/VERSION") }, try { output_of("#{root}/nothing") }, system("#{root}/VERSION"), try { output_of("#{root}/lib") }] }
  observe("exec", isolated: true) { |root| reader, writer = IO.pipe; Process.wait(fork { $stdout.reopen(writer); exec("#{root}/modes/run") }); writer.close; reader.read }
  observe("Process.spawn with a working directory outside") { |root, scratch| output_of("#{root}/modes/run", chdir: scratch) }
  observe("a child in a working directory inside", isolated: true) { |root| Dir.chdir("#{root}/lib") { output_of("sh", "-c", "ls | sort; pwd") } }
  observe("a child that is given a path") { |root| output_of("cat", "#{root}/VERSION") }
  observe("a child that lists") { |root| output_of("ls", "#{root}/views") }
end
