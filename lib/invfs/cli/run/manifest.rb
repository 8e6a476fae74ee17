# frozen_string_literal: true

require_relative "../../own_entries"

module InVFS
  module CLI
    class Run
      # The entry {OwnEntries::MANIFEST}, which InVFS::Pack::Manifest wrote: a line for each fact, `key value`.
      class Manifest
        # @param archive [InVFS::ZipFS]
        # @return [Manifest, nil]
        def self.of(archive) = (new(archive.read(OwnEntries::MANIFEST)) if archive.file?(OwnEntries::MANIFEST))

        # @param text [String] the contents of the entry
        def initialize(text)
          @facts = Hash.new { |facts, key| facts[key] = [] }
          text.each_line(chomp: true) do |line|
            key, value = line.split(" ", 2)
            @facts[key] << in_locale(value.to_s) if key
          end
        end

        # @return [Array<String>] all values of a key
        def all(key) = @facts.fetch(key, [])

        # @return [String, nil] the only value of a key
        def one(key) = all(key).first

        # @return [Hash{String => String}] the names of commands and their scripts
        def commands = @commands ||= all("command").to_h { |line| line.split(" ", 2) }

        # @param archive [InVFS::ZipFS]
        # @return [String, nil] the main script; nil if there are no gems, and the names of the files decide
        # @raise [Error] if the user has to choose
        def main(archive)
          name = one("main")
          raise Error, "#{archive.to_path}: there is no #{name}, its main script" if name && !archive.file?(name)
          return name if name || one("start").nil?

          raise Error, "#{archive.to_path}: no main script; --main names one#{hint}"
        end

        # @return [String] the commands there are, for a message
        def hint = commands.empty? ? "" : ", -m a command: #{commands.keys.join(", ")}"

        private

        # Names are bytes, as in a command line.
        def in_locale(bytes) = bytes.dup.force_encoding(Encoding.find("locale"))
      end
    end
  end
end
