# frozen_string_literal: true

# Inputs of the benchmarks: many small files, real files of this machine, and archives of them.
require "fileutils"
require "rbconfig"
require "tmpdir"
require "zlib"
require_relative "../../test/support/ruby_process"
require_relative "../../test/support/zip_builder"

class Bench
  # Each method returns names and contents (a Hash), or writes them somewhere.
  module Sources
    module_function

    # Small Ruby files, "small/part0001.rb" and so on: 29 lines, two dozen of which are code, and about 600 bytes.
    def small(count)
      numbered(count, "small/part%04d.rb", <<~'RUBY')
        # frozen_string_literal: true

        # One of many small files.
        module Small
          class Part%<number>04d
            LIMIT = %<number>d
            attr_reader :name, :items

            def initialize(name, items = [])
              @name = name
              @items = items
            end

            def total
              items.sum { |item| item * LIMIT }
            end

            def each(&block)
              return enum_for(:each) unless block

              items.each { |item| yield item if item < LIMIT }
            end

            def to_s
              "#{name}: #{total} of #{LIMIT}"
            end
          end
        end
      RUBY
    end

    # The same in Python: a package.
    def small_python(count)
      numbered(count, "small/part%04d.py", <<~'PYTHON').merge("small/__init__.py" => "")
        # One of many small files.
        class Part%<number>04d:
            LIMIT = %<number>d

            def __init__(self, name, items=()):
                self.name = name
                self.items = items

            def total(self):
                return sum(item * self.LIMIT for item in self.items)

            def __iter__(self):
                if not self.items:
                    return iter(())

                return (item for item in self.items if item < self.LIMIT)

            def __str__(self):
                return f"{self.name}: {self.total()} of {self.LIMIT}"
      PYTHON
    end

    # Real Ruby files of this machine, from the standard library and the installed gems: `count` of them, some twice if
    # there are too few.
    def real(count)
      dirs = [RbConfig::CONFIG["rubylibdir"], RbConfig::CONFIG["vendordir"], *Gem.path.map { |dir| "#{dir}/gems" }]
      files = dirs.uniq.flat_map { |dir| Dir["#{dir}/**/*.rb"].sort }.select { |file| File.file?(file) }
      files.uniq { |file| File.realpath(file) }.cycle.first(count).each_with_index.to_h do |file, index|
        ["dir#{index}/#{File.basename(file)}", File.binread(file)]
      end
    end

    def write(directory, files)
      files.each do |name, content|
        path = "#{directory}/#{name}"
        FileUtils.mkdir_p(File.dirname(path))
        File.binwrite(path, content)
      end
      directory
    end

    # An archive as any archiver writes it: deflated as zlib does by default, or stored.
    def zip(path, files, deflate: true)
      bytes = ZipBuilder.build(zip64: files.size > ZipBuilder::MAX16) do |zip|
        files.each do |name, content|
          data = deflate ? Zlib::Deflate.new(nil, -Zlib::MAX_WBITS).deflate(content, Zlib::FINISH) : content
          # Stores files that compression does not make smaller, as archivers do.
          data.bytesize < content.bytesize ? zip.add(name, content, deflate: true, raw: data) : zip.add(name, content)
        end
      end
      File.binwrite(path, bytes)
      path
    end

    # An archive as `invfs pack` writes it.
    def pack(archive, files, *options)
      Dir.mktmpdir("packed", File.dirname(archive)) do |directory|
        write(directory, files)
        command = [RbConfig.ruby, "#{RubyProcess::PROJECT}/exe/invfs", "pack", "--tree", "--quiet", directory]
        system(RubyProcess::CLEAN, *command, "-o", archive, *options, exception: true)
      end
      archive
    end

    def numbered(count, name, text)
      (1..count).to_h { |number| [format(name, number), format(text, number: number)] }
    end
    private_class_method :numbered
  end
end
