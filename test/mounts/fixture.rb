# frozen_string_literal: true

# The tree that all cases use: once on disk, once in an archive.
require "fileutils"
require "openssl"
require "tmpdir"
require "zlib"
require_relative "../support/native_build"
require_relative "../support/zip_builder"
require_relative "fixture_files"

class MountFixture
  # Whole seconds, and odd ones: a time with the two-second steps of DOS would show.
  TIME = 1_600_000_001

  Entry = Struct.new(:name, :kind, :content, :mode, :time)

  class << self
    # The entries, directories before what is in them.
    def entries
      @entries ||= build
    end

    # Makes the tree in the directory `root`, which must not be there yet.
    def write(root)
      FileUtils.mkdir_p(root)
      entries.each { |entry| write_entry(entry, "#{root}/#{entry.name}") }
      entries.reverse_each do |entry|
        next if entry.kind == :link

        File.chmod(entry.mode, "#{root}/#{entry.name}")
        File.utime(entry.time, entry.time, "#{root}/#{entry.name}")
      end
      File.chmod(0o755, root)
      File.utime(TIME, TIME, root)
      root
    end

    # What is below this directory now, sorted.
    def names(root) = Dir.glob("**/*", File::FNM_DOTMATCH, base: root).sort - ["."]

    # An archive of the tree. Needs invfs.
    def archive = @archive ||= pack("#{MountTargets.directory}/tree.zip")

    private

    def pack(archive)
      writer = InVFS::ArchiveWriter.new(archive)
      entries.each do |entry|
        case entry.kind
        when :directory then writer.directory(entry.name, entry.mode, entry.time)
        when :link then writer.symlink(entry.name, entry.content, entry.time)
        else writer.add(entry.name, entry.content, entry.mode, entry.time, [entry.content.bytesize.odd? ? "stored" : "deflate", nil])
        end
      end
      writer.finish
      archive
    end

    def build
      files = FixtureFiles.all.merge(made)
      names = files.keys.flat_map { |name| parents(name) }.uniq - files.keys.map { |name| name.chomp("/") }
      all = names.to_h { |name| ["#{name}/", nil] }.merge(files)
      all.sort_by { |name, _| name }.each_with_index.map do |(name, content), index|
        entry(name, content, TIME + (index * 1000))
      end
    end

    def parents(name)
      parts = name.chomp("/").split("/")
      (1...parts.size).map { |count| parts.first(count).join("/") }
    end

    def entry(name, content, time)
      mode = FixtureFiles::MODES[name]
      return Entry.new(name.chomp("/"), :directory, nil, mode || 0o755, time) if name.end_with?("/")
      return Entry.new(name, :link, content.to_s, 0o777, time) if content.is_a?(Symbol)

      Entry.new(name, :file, content.b, mode || 0o644, time)
    end

    def write_entry(entry, path)
      case entry.kind
      when :directory then FileUtils.mkdir_p(path)
      when :link then File.symlink(entry.content, path)
      else File.binwrite(path, entry.content)
      end
    end

    # What is not written by hand.
    def made
      { "data/object.marshal" => Marshal.dump({ "a" => [1, 2.5, nil, :b] }),
        "data/store.pstore" => Marshal.dump({ colors: %w[red green], count: 3 }),
        "data/inner.zip" => ZipBuilder.build { |zip| zip.add("inner.txt", "inside " * 9, deflate: true) },
        "data/text.gz" => Zlib.gzip("zipped text\nsecond line\n", level: 9),
        **certificates, **native, **database }
    end

    def native
      return {} if NativeBuild.unavailable

      { "native/plainlib.so" => NativeBuild.library("mountplain", 77),
        "native/mountext.#{NativeBuild::DLEXT}" => NativeBuild.extension("mountext") }
    end

    # Once under a name that people give, once under the one that OpenSSL looks for.
    def certificates
      made = certificate
      { "certs/ca.pem" => made.to_pem, format("hashed/%08x.0", made.subject.hash) => made.to_pem }
    end

    def database
      require "sqlite3"
      file = "#{Dir.mktmpdir}/words.db"
      database = SQLite3::Database.new(file)
      database.execute_batch("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT); INSERT INTO words (word) VALUES ('one'), ('two');")
      database.close
      { "data/words.db" => File.binread(file) }
    rescue LoadError
      {}
    ensure
      FileUtils.rm_rf(File.dirname(file)) if file
    end

    def certificate
      key = OpenSSL::PKey::EC.generate("prime256v1")
      name = OpenSSL::X509::Name.parse("/CN=invfs test authority")
      certificate = OpenSSL::X509::Certificate.new
      certificate.version, certificate.serial = 2, 1
      certificate.subject = certificate.issuer = name
      certificate.public_key = key
      certificate.not_before, certificate.not_after = Time.at(TIME), Time.at(TIME + 4_000_000_000)
      certificate.sign(key, OpenSSL::Digest.new("SHA256"))
    end
  end
end
