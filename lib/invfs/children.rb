# frozen_string_literal: true

# Mounts that child programs make, too. Loaded when one is passed on, or received.
require_relative "children/description"
require_relative "children/variables"

module InVFS
  # Passes mounts on to child programs that are Ruby, through the environment: `RUBYOPT` has them load
  # children/start.rb, and `INVFS_MOUNTS` says what to mount. Where the script of such a child lies in a mount, the
  # native library hands it a few lines in the script's place, which call `start` and `ended`.
  module Children
    class << self
      # @param root [String] where it is mounted
      # @param vfs [Object] what is mounted
      # @param upper [String, nil] the directory that takes changes
      # @return [String] what a child needs to do the same
      # @raise [ArgumentError] if it could not
      def describe(root, vfs, upper)
        Description.line("mount", root, upper || "", *Description.of(vfs))
      end

      # From now on children do what the description says.
      # @param number [Integer] the number of the mount
      def add(number, description)
        descriptions[number] = description
        Variables.set(descriptions.values)
      end

      # From now on children do not do that.
      def remove(number)
        Variables.set(descriptions.values) if descriptions.delete(number)
      end

      # Has children see the files of a program that `invfs run` runs, and its gems where they run a script of it.
      # @param archive [InVFS::ZipFS]
      def run(archive) = add(:program, Description.line("program", *Description.of(archive)))

      # Does what the parent of this process has passed on. What cannot be done is a warning: a program that does not
      # need it must run.
      def receive
        Variables.descriptions.each do |line|
          obey(*Description.words(line))
        rescue InVFS::Error, SystemCallError, ArgumentError => e
          warn("invfs: a mount of the parent process is missing here: #{e.message}")
        end
        enter(Variables.directory)
      end

      # Prepares the main script at a path of a mount.
      # @param path [String] in hexadecimal digits
      # @return [String] the file to load
      def start(path)
        require_relative "children/script"
        @script = Script.new(Description.path([path].pack("H*")), @program)
        @script.start(caller_locations(0))
      end

      # Called when the main script has ended.
      # @param error [Exception, nil]
      def ended(error) = @script&.ended(error)

      private

      def descriptions = @descriptions ||= {}

      def obey(kind, *words)
        case kind
        when "program"
          @program = Description.vfs(words)
          InVFS.root(@program)
          run(@program)
        when "mount"
          root, upper = words.shift(2)
          InVFS.mount(root, Description.vfs(words), writable: upper.empty? ? nil : upper, children: true)
        end
      end

      # The working directory of the parent, unless a program in between has left it.
      def enter(directory)
        Dir.chdir(directory) if directory && File.stat(".").nlink.zero?
      rescue SystemCallError
        # As for any child whose working directory was removed.
      end
    end
  end
end
