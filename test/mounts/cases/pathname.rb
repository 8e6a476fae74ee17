# frozen_string_literal: true

# Pathname: its methods that use files.
CaseList.subject(:pathname, needs: "pathname") do
  %i[exist? file? directory? symlink? readable? executable? zero? size size? empty? ftype realpath realdirpath readlink
     world_readable? owned? mtime].each do |question|
    observe("Pathname##{question}") do |root|
      %w[VERSION lib links/file links/broken nothing empty empty_dir modes/run].map { |name| try { (question == :size || question == :size?) && name =~ /lib|dir/ ? nil : Pathname("#{root}/#{name}").public_send(question) } }
    end
  end
  observe("read, binread, readlines, each_line") { |root| Pathname("#{root}/text.txt").then { |path| [path.read, path.read(4), path.binread, path.binread(3, 2), path.readlines, path.readlines(chomp: true), path.each_line.to_a, path.open(&:gets), path.open("rb") { |file| file.read(2) }, path.sysopen.class] } }
  observe("children") { |root| [Pathname("#{root}/lib").children.sort, Pathname("#{root}/lib").children(false).sort, Pathname("#{root}/lib").enum_for(:each_child).to_a.sort, Pathname("#{root}/lib").enum_for(:each_entry).to_a.sort, Pathname("#{root}/lib").entries.sort] }
  observe("children of what is none") { |root| [try { Pathname("#{root}/VERSION").children }, try { Pathname("#{root}/nothing").children }] }
  observe("glob") { |root| [Pathname(root).glob("**/*.rb"), Pathname(root).glob("*.{yml,json}"), Pathname.glob("#{root}/lib/*.rb"), Pathname.glob("*.rb", base: "#{root}/lib"), Pathname("#{root}/lib").glob("*", File::FNM_DOTMATCH)] }
  observe("find") { |root| [Pathname("#{root}/lib").find.sort, Pathname("#{root}/lib").find(ignore_error: false).to_a.size] }
  observe("stat and lstat") { |root| [Pathname("#{root}/VERSION").stat.size, Pathname("#{root}/links/file").lstat.ftype, try { Pathname("#{root}/nothing").stat }] }
  observe("+ and join") { |root| [(Pathname(root) + "lib/main.rb").file?, (Pathname(root) / "lib" / "../VERSION").read, Pathname(root).join("lib", "main", "part.rb").size] }
  observe("relative_path_from") { |root| Pathname("#{root}/lib/main.rb").relative_path_from(Pathname("#{root}/views")) }
  observe("parent, ascend, descend") { |root| [Pathname("#{root}/lib/main.rb").parent.children.size, Pathname("#{root}/lib/main").ascend.first(3), Pathname("#{root}/lib").descend.to_a.last(2)] }
  observe("opendir") { |root| Pathname("#{root}/lib").opendir { |dir| dir.children.sort } }
  observe("fnmatch, basename, extname, sub_ext") { |root| Pathname("#{root}/lib/main.rb").then { |path| [path.fnmatch?("*/main.rb"), path.basename, path.extname, path.sub_ext(".txt").exist?, path.cleanpath] } }
  observe("mountpoint? of what is inside") { |root| Pathname("#{root}/lib").mountpoint? }
  observe("mountpoint? of the root") { |root| Pathname(root).mountpoint? }
  observe("relative", isolated: true) { |root| Dir.chdir(root) { [Pathname("lib").children.sort, Pathname.pwd, Pathname("VERSION").expand_path, Pathname("VERSION").realpath, Pathname.glob("*.yml"), Pathname(".").find.to_a.size] } }
end
