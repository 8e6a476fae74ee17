# frozen_string_literal: true

module InVFS
  module CLI
    class Run
      # What a packed program finds when it starts, as its manifest says: a directory that it may write into, variables
      # of the environment, the load path, gems, the working directory.
      class Surroundings
        # @param archive [InVFS::ZipFS]
        # @param manifest [Manifest]
        # @param root [String] the path of the archive
        def initialize(archive, manifest, root)
          @archive = archive
          @manifest = manifest
          @root = root
        end

        # @param writable [String, nil] the directory for changes, "temporary", or nil for what the manifest says
        # @raise [InVFS::Error, SystemCallError]
        def make(writable)
          make_writable(writable) if writable || @manifest.one("writable")
          set_environment
          find_code
          change_directory(@manifest.one("chdir")) if @manifest.one("chdir")
        end

        # The load path and the gems.
        def find_code
          add_load_path
          provide_gems
        end

        private

        # A path in the archive; "." is all of it.
        def path(name) = name == "." ? @root : "#{@root.b}/#{name.b}".force_encoding(@root.encoding)

        def make_writable(directory)
          require_relative "writable"
          name = @manifest.one("writable") || "."
          files = name == "." ? @archive : @archive.sub(name)
          upper = Writable.directory(directory, @manifest.one("name") || default_name)
          InVFS.mount(path(name), files, writable: upper, children: true)
        rescue MountUnsupported => e
          raise Error, "#{@archive.to_path}: it cannot be writable here: #{e.message}"
        end

        def default_name = File.basename(@root, ".zip")

        def change_directory(name)
          Dir.chdir(readable(path(name), "runs in its own directory"))
        end

        # Where there are no mounts, files in the archive cannot be found by their paths.
        def readable(directory, why)
          # With a slash, the path of the archive itself is a directory.
          return directory if File.directory?("#{directory}/")

          raise Error, "#{@archive.to_path}: it #{why}, which needs mounts, and here are none"
        end

        # The user's own variables win.
        def set_environment
          @manifest.all("env").each do |line|
            name, value = line.split("=", 2)
            ENV[name] ||= value
          end
        end

        def add_load_path
          paths = @manifest.all("path")
          paths = ["lib"] if paths.empty? && @manifest.one("start").nil? && @archive.directory?("lib")
          $LOAD_PATH.unshift(*paths.map { |name| path(name) })
        end

        def provide_gems
          start = @manifest.one("start") or return
          require_relative "packed_gems"
          readable("#{@root}/gems", "starts with #{start}") unless start == "flat"
          PackedGems.provide(@manifest, @archive, @root, start)
        end
      end
    end
  end
end
