# frozen_string_literal: true

# Writes zip archives without rubyzip, wrong ones too: every field can be made to lie.
require "zlib"

# Collects entries and turns them into the bytes of an archive.
#
#   bytes = ZipBuilder.build do |zip|
#     zip.add "a.rb", "p 1"
#     zip.add "b.rb", "p 2" * 100, deflate: true, central: { crc: 0 }
#   end
#
# Fields that can be overridden per entry, in `local:`, in `central:`, or in both through `lie:`:
# :version, :flags, :method, :time, :date, :crc, :compressed_size, :size, :name, :extra,
# and in the central directory also :made_by, :external, :offset, :comment.
class ZipBuilder
  LOCAL = 0x04034b50
  CENTRAL = 0x02014b50
  END_OF_DIRECTORY = 0x06054b50
  ZIP64_END = 0x06064b50
  ZIP64_LOCATOR = 0x07064b50
  DESCRIPTOR = 0x08074b50

  STORED = 0
  DEFLATED = 8
  FLAG_ENCRYPTED = 0x1
  FLAG_DESCRIPTOR = 0x8
  FLAG_UTF8 = 0x800
  UNIX = 3 << 8
  MAX32 = 0xffffffff
  MAX16 = 0xffff

  def self.build(**options)
    builder = new(**options)
    yield builder
    builder.to_s
  end

  # An archive of `files` (name => content), written to `path`.
  def self.write(path, files, **options)
    bytes = build(**options) do |zip|
      files.each { |name, content| name.end_with?("/") ? zip.directory(name) : zip.add(name, content) }
    end
    File.binwrite(path, bytes)
    path
  end

  # prefix: bytes before the archive; shift: whether the offsets include them; comment: the archive's comment; zip64:
  # write the zip64 end records; ending: overrides of the end record's fields (:entries, :directory_size,
  # :directory_offset, :disk, :comment_size).
  def initialize(prefix: "", shift: true, comment: "", zip64: false, ending: {})
    @out = prefix.b
    @base = shift ? 0 : @out.bytesize
    @comment = comment.b
    @zip64 = zip64
    @ending = ending
    @central = []
  end

  # Adds a file. deflate: true compresses; raw: the stored bytes themselves; descriptor: writes sizes after the data;
  # symlink: marks the entry as a link; zip64: puts the sizes into an extra field.
  def add(name, content = "", deflate: false, raw: nil, symlink: false, descriptor: false, zip64: false,
          mode: 0o100_644, lie: {}, local: {}, central: {})
    content = content.b
    data = raw ? raw.b : (deflate ? self.class.deflate(content) : content)
    fields = fields_of(name, content, data, deflate, symlink ? 0o120_777 : mode, descriptor)
    offset = @out.bytesize - @base
    write_local(fields.merge(descriptor ? { crc: 0, size: 0, compressed_size: 0 } : {}, lie, local), zip64)
    @out << data
    @out << descriptor_of(fields) if descriptor
    @central << [{ offset: offset }.merge(fields, lie, central), zip64]
    self
  end

  def directory(name)
    add(name, "", mode: 0o040_755)
  end

  # Adds a second directory record for existing data (overlapping entries).
  def alias_of(index, name, **central)
    fields, zip64 = @central.fetch(index)
    @central << [fields.merge(name: name.b, **central), zip64]
    self
  end

  def to_s
    directory = @central.map { |fields, zip64| central_record(fields, zip64) }.join
    offset = @out.bytesize - @base
    @out + directory + endings(directory.bytesize, offset)
  end

  def self.deflate(content)
    Zlib::Deflate.new(Zlib::BEST_COMPRESSION, -Zlib::MAX_WBITS).deflate(content, Zlib::FINISH)
  end

  private

  def fields_of(name, content, data, deflate, mode, descriptor)
    utf8 = name.dup.force_encoding(Encoding::UTF_8)
    flags = utf8.valid_encoding? && !utf8.ascii_only? ? FLAG_UTF8 : 0
    flags |= FLAG_DESCRIPTOR if descriptor
    { version: 20, made_by: UNIX | 20, flags: flags, method: deflate ? DEFLATED : STORED, time: 0, date: 0x21,
      crc: Zlib.crc32(content), compressed_size: data.bytesize, size: content.bytesize, name: name.b, extra: "".b,
      external: mode << 16, comment: "".b }
  end

  def write_local(fields, zip64)
    extra = fields[:extra]
    if zip64
      extra = zip64_extra(fields[:size], fields[:compressed_size]) + extra
      fields = fields.merge(size: MAX32, compressed_size: MAX32)
    end
    @out << [LOCAL, *fields.values_at(:version, :flags, :method, :time, :date, :crc, :compressed_size, :size),
             fields[:name].bytesize, extra.bytesize].pack("VvvvvvVVVvv") << fields[:name] << extra
  end

  def descriptor_of(fields)
    [DESCRIPTOR, *fields.values_at(:crc, :compressed_size, :size)].pack("VVVV")
  end

  def central_record(fields, zip64)
    extra = fields[:extra]
    if zip64
      extra = zip64_extra(*fields.values_at(:size, :compressed_size, :offset)) + extra
      fields = fields.merge(size: MAX32, compressed_size: MAX32, offset: MAX32)
    end
    [CENTRAL, *fields.values_at(:made_by, :version, :flags, :method, :time, :date, :crc, :compressed_size, :size),
     fields[:name].bytesize, extra.bytesize, fields[:comment].bytesize, 0, 0,
     *fields.values_at(:external, :offset)].pack("VvvvvvvVVVvvvvvVV") + fields[:name] + extra + fields[:comment]
  end

  def zip64_extra(*numbers)
    [1, numbers.size * 8, *numbers].pack("vvQ<*")
  end

  def endings(directory_size, offset)
    count = @central.size
    records = "".b
    if @zip64
      records << [ZIP64_END, 44, 45, 45, 0, 0, count, count, directory_size, offset].pack("VQ<vvVVQ<Q<Q<Q<")
      records << [ZIP64_LOCATOR, 0, offset + directory_size, 1].pack("VVQ<V")
      count, directory_size, offset = MAX16, MAX32, MAX32
    end
    records << end_of_directory(count, directory_size, offset)
  end

  def end_of_directory(count, directory_size, offset)
    said = { entries: count, directory_size: directory_size, directory_offset: offset, disk: 0,
             comment_size: @comment.bytesize }.merge(@ending)
    [END_OF_DIRECTORY, said[:disk], said[:disk], said[:entries], said[:entries],
     said[:directory_size], said[:directory_offset], said[:comment_size]].pack("VvvvvVVv") + @comment
  end
end
