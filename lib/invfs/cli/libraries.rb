# frozen_string_literal: true

require "etc"

module InVFS
  module CLI
    # Which shared libraries the native extensions of an archive need, and whether this machine has them. Nothing is
    # loaded to find out.
    class Libraries
      # Where systems look without being told.
      DIRECTORIES = %w[/lib /usr/lib /lib64 /usr/lib64 /usr/local/lib /lib/*-linux-* /usr/lib/*-linux-*].freeze
      private_constant :DIRECTORIES

      # @return [Hash{String => String}] name of a library that is missing, or version of the C library => who needs it
      attr_reader :missing

      # @return [Array<String>] remarks
      attr_reader :lines

      # @param extensions [Hash{String => String}] name in the archive => contents, of those that are for this system
      # @param names [Array<String>] everything in the archive
      def initialize(extensions, names)
        @inside = names.grep(/\.so(\.|\z)/n).to_h { |name| [File.basename(name), true] }
        @missing = {}
        # Name of an extension => libraries, and versions of symbols. What is not for this system is not here.
        @needs = extensions.transform_values { |bytes| InVFS.shared_object_needs(bytes) }.compact
        @lines = [*libraries, *c_library]
      end

      private

      def libraries
        users = Hash.new { |hash, library| hash[library] = [] }
        @needs.each { |name, (needed, _)| needed.each { |library| users[library] << name } }
        here, others = users.keys.sort.partition { |library| !@inside[library] && here?(library) }
        packed, absent = others.partition { |library| @inside[library] }
        absent.each { |library| @missing[library] = users[library].min }
        { "here" => here, "in the archive" => packed, "missing" => absent }
          .reject { |_, names| names.empty? }.map { |where, names| "libraries, #{where}: #{names.join(", ")}" }
      end

      def here?(library)
        return File.file?(library) if library.include?("/")

        known.key?(library) || directories.any? { |directory| File.file?("#{directory}/#{library}") }
      end

      def directories
        @directories ||= ENV.fetch("LD_LIBRARY_PATH", "").split(/[:;]/).reject(&:empty?) + Dir.glob(DIRECTORIES)
      end

      # What is in the loader's cache, and what this process has loaded.
      def known
        @known ||= (cached + mapped).to_h { |name| [name, true] }
      end

      def cached
        program = %w[/sbin/ldconfig /usr/sbin/ldconfig].find { |path| File.executable?(path) }
        program ? IO.popen([program, "-p"], err: File::NULL, &:read).scan(/^\t(\S+) \(/).flatten : []
      rescue SystemCallError
        []
      end

      def mapped
        File.read("/proc/self/maps").scan(%r{/([^/\n]+\.so[^/\n]*)$}).flatten
      rescue SystemCallError
        []
      end

      def c_library
        wanted = @needs.flat_map do |name, (_, versions)|
          versions.grep(/\AGLIBC_\d/n).map { |version| [number(version), name] }
        end
        version, name = wanted.max { |one, other| one.first <=> other.first }
        return [] unless version

        here = number(Etc.confstr(Etc::CS_GNU_LIBC_VERSION).to_s) if defined?(Etc::CS_GNU_LIBC_VERSION)
        @missing["glibc #{version.join(".")}"] = name if here.nil? || (version <=> here).positive?
        ["glibc: #{version.join(".")} or newer (#{name}); here: #{here ? here.join(".") : "none"}"]
      rescue SystemCallError
        []
      end

      def number(text) = text[/\d[\d.]*/].to_s.split(".").map(&:to_i).then { |parts| parts unless parts.empty? }
    end
    private_constant :Libraries
  end
end
