# frozen_string_literal: true

module InVFS
  # The names of the entries that invfs itself puts into an archive. All are in one directory.
  # @api private
  module OwnEntries
    DIRECTORY = ".invfs"

    # Names the main script, for `invfs run`.
    MAIN = "#{DIRECTORY}/main".freeze

    # Tells `invfs run` how to start a project. docs/packing.md lists what it says.
    MANIFEST = "#{DIRECTORY}/app".freeze

    # What the launcher of a program that is packed with Ruby starts: a line for each fact, `key value`.
    STANDALONE = "#{DIRECTORY}/standalone".freeze

    # Where the packed OpenSSL looks for certificates: a path in each line.
    CERTIFICATES = "#{DIRECTORY}/certificates".freeze

    LIBRARY = "#{DIRECTORY}/library".freeze
    private_constant :LIBRARY

    COMPILED = %r{\A#{Regexp.escape(DIRECTORY)}/([^/]+)/(.+)\.iseq\z}mn
    private_constant :COMPILED

    module_function

    # @param name [String] the name of an entry
    # @return [Boolean] whether the entry is one of invfs
    def own?(name) = name.b.start_with?("#{DIRECTORY}/")

    # @param name [String] the name of a source file
    # @param key [String] names a Ruby, see {CompiledCode.key}
    # @return [String] the name of the entry with the compiled form, in binary. The layout is that of compiled.rs.
    def compiled(name, key) = "#{DIRECTORY}/#{key}/".b + name.b + ".iseq".b

    # @param path [String] the path of a file on disk
    # @param source [String] what it holds
    # @param key [String]
    # @return [String] the name of the entry with its compiled form, in binary: wherever a file lies that has this name
    #   and these contents
    def library(path, source, key)
      crc = Zlib.crc32(source).to_s(16).rjust(8, "0")
      "#{LIBRARY}/#{key}/".b + File.basename(path).b + "-#{crc}-#{source.bytesize}".b
    end

    # @param name [String] the name of an entry
    # @param key [String]
    # @return [Boolean] whether it is the compiled form of a file on disk, for this Ruby
    def library?(name, key) = name.b.start_with?("#{LIBRARY}/#{key}/")

    # @param name [String] the name of an entry
    # @return [Array(String, String), nil] the key and the source's name of a compiled form, in binary; nil for others
    def compiled_form(name) = COMPILED.match(name.b)&.captures
  end
  private_constant :OwnEntries
end
