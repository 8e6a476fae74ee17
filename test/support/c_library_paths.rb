# frozen_string_literal: true

# The functions of the C library that take paths: which of them mounts have a hook for, which not and why. From
# the code of the hooks and the list below, support/mounts_page.rb makes tables for docs/mounts.md.
require_relative "ruby_process"

module CLibraryPaths
  HOOKS = "#{RubyProcess::PROJECT}/ext/invfs/interpose/src/hooks".freeze

  # Why a function has no hook => the functions.
  UNHOOKED = {
    "opens what it finds inside of the C library, where no call can be led elsewhere; Ruby has its own (`Dir.glob`, `Find`)" =>
      %w[glob glob64 wordexp ftw ftw64 nftw nftw64 fts_open fts64_open scandir scandir64 scandirat scandirat64],
    "takes a number of arguments that only C can pass on; `execv` and its relatives do the same" => %w[execl execle execlp],
    "starts a program from a directory's descriptor, or says what one shall open: Ruby does that itself" =>
      %w[execveat posix_spawn_file_actions_addopen posix_spawn_file_actions_addchdir_np],
    "starts a shell, which is another program: [what programs see](#programs-that-are-started)" => %w[popen system],
    "asks the kernel to watch or to remember a file of its own" =>
      %w[inotify_add_watch fanotify_mark name_to_handle_at],
    "is about file systems of the kernel" =>
      %w[acct chroot mount umount umount2 mount_setattr move_mount open_tree fspick pivot_root swapon swapoff quotactl revoke],
    "asks for a limit, or makes a key for memory that processes share" => %w[pathconf ftok],
    "only tells whether a name is free; what then makes the file has a hook" => %w[mktemp tempnam tmpnam tmpnam_r],
    "sets times by an interface that `utimensat` has replaced" => %w[futimesat],
    "reads a table of the system's" => %w[setmntent utmpname utmpxname updwtmp updwtmpx],
    "loads into a namespace of its own" => %w[dlmopen],
    "takes the path of a socket in a structure: a mount has no sockets" => %w[bind connect]
  }.freeze

  # Parameters of the functions in the headers of the GNU C library that are paths.
  PATH = /\bchar \*(?:const \*?|__restrict(?:_arr)? )*_*(?:path|pathname|file|filename|template|dir|from|to|old|new|special_file|pattern|from_pathname|name|words)\b/
  HEADERS = %w[dirent dlfcn fcntl ftw fts glob mntent spawn stdio stdlib unistd utime wordexp sys/fanotify sys/inotify sys/ipc
               sys/mount sys/stat sys/statfs sys/statvfs sys/swap sys/time sys/xattr bits/fcntl-linux bits/statx-generic].freeze
  # What looks like one and is none: names of variables, hosts and symbols, and macros in the headers.
  OTHERS = %w[dlsym dlvsym getenv secure_getenv setenv unsetenv getlogin_r setlogin gethostname sethostname getdomainname
              setdomainname fsetxattr fgetxattr fremovexattr __REDIRECT __REDIRECT_NTH __REDIRECT_NTHNL int glob_pattern_p].freeze

  class << self
    # file of the hooks => names of functions; in the order of hooks/mod.rs, and of the file.
    def hooked
      File.read("#{HOOKS}/mod.rs").scan(/^ *(\w+)::HOOKS,$/).flatten.to_h do |file|
        names = File.read("#{HOOKS}/#{file}.rs").scan(/^ *\[(c"\w+"(?:, c"\w+")*)\] fn /).join
        [file, names.scan(/c"(\w+)"/).flatten]
      end
    end

    # The names of functions in the headers that take a path; nil where there are no such headers.
    def declared
      files = HEADERS.map { |name| Dir["/usr/include/{,*-linux-gnu/}#{name}.h"].first }
      return unless files.all? && File.read(files.first).include?("GNU C Library")

      files.flat_map { |file| prototypes(File.read(file)) }.select { |_, arguments| PATH.match?(arguments) }.map(&:first).uniq - OTHERS
    end

    # Both tables.
    def tables
      head = File.method(:foreach)
      lines = hooked.map { |file, names| "| #{head.call("#{HOOKS}/#{file}.rs").first.delete_prefix("//! ").chomp.delete_suffix(".")} | #{code(names)} |" }
      <<~TEXT
        | hooks | functions |
        |---|---|
        #{lines.join("\n")}

        These have no hook, and ask the kernel:

        | functions | why |
        |---|---|
        #{UNHOOKED.map { |why, names| "| #{code(names)} | #{why} |" }.join("\n")}
      TEXT
    end

    private

    def code(names) = names.map { |name| "`#{name}`" }.join(", ")

    # [name, arguments] of all functions in a header.
    def prototypes(text)
      text.gsub(%r{/\*.*?\*/}m, " ").gsub(/^#.*?(?<!\\)$/m, " ").gsub(/\s+/, " ").split(";").filter_map do |declaration|
        match = /\b(?!__attribute)(\w+) ?\((.*)/.match(declaration.sub(/\A.*[{}]/, "").sub(/__(?:REDIRECT\w*|NTH\w*) \((?=\w+ \()/, ""))
        match && [match[1], match[2]]
      end
    end
  end
end
