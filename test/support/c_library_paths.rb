# frozen_string_literal: true

# The functions of the C library that take paths: which of them are hooked, which are not, and why. From the code of
# the hooks and the list below, support/mounts_page.rb makes the tables of docs/mounts.md.
require_relative "ruby_process"

module CLibraryPaths
  HOOKS = "#{RubyProcess::PROJECT}/ext/invfs/interpose/src/hooks".freeze

  # Why a function has no hook => the functions.
  UNHOOKED = {
    "open files inside the C library, where no call can be redirected; Ruby has its own (`Dir.glob`, `Find`)" =>
      %w[glob glob64 wordexp ftw ftw64 nftw nftw64 fts_open fts64_open scandir scandir64 scandirat scandirat64],
    "take a variable number of arguments, which only C can pass on; `execv` and its relatives do the same" => %w[execl execle execlp],
    "start a program from a directory's descriptor, or define what it opens: Ruby does that itself" =>
      %w[execveat posix_spawn_file_actions_addopen posix_spawn_file_actions_addchdir_np],
    "start a shell, which is another program: [what programs see](#programs-that-are-started)" => %w[popen system],
    "make the kernel watch or remember one of its own files" =>
      %w[inotify_add_watch fanotify_mark name_to_handle_at],
    "manage file systems of the kernel" =>
      %w[acct chroot mount umount umount2 mount_setattr move_mount open_tree fspick pivot_root swapon swapoff quotactl revoke],
    "return a limit, or a key for shared memory" => %w[pathconf ftok],
    "only find a free name; the function that then creates the file is hooked" => %w[mktemp tempnam tmpnam tmpnam_r],
    "sets times through an interface that `utimensat` has replaced" => %w[futimesat],
    "read a table of the system" => %w[setmntent utmpname utmpxname updwtmp updwtmpx],
    "loads into a namespace of its own" => %w[dlmopen],
    "take the path of a socket in a structure: a mount has no sockets" => %w[bind connect]
  }.freeze

  # The names of parameters that are paths, in the headers of the GNU C library.
  PATH = /\bchar \*(?:const \*?|__restrict(?:_arr)? )*_*(?:path|pathname|file|filename|template|dir|from|to|old|new|special_file|pattern|from_pathname|name|words)\b/
  HEADERS = %w[dirent dlfcn fcntl ftw fts glob mntent spawn stdio stdlib unistd utime wordexp sys/fanotify sys/inotify sys/ipc
               sys/mount sys/stat sys/statfs sys/statvfs sys/swap sys/time sys/xattr bits/fcntl-linux bits/statx-generic].freeze
  # False matches: names of variables, hosts and symbols, and macros in the headers.
  OTHERS = %w[dlsym dlvsym getenv secure_getenv setenv unsetenv getlogin_r setlogin gethostname sethostname getdomainname
              setdomainname fsetxattr fgetxattr fremovexattr __REDIRECT __REDIRECT_NTH __REDIRECT_NTHNL int glob_pattern_p].freeze

  class << self
    # Source file of the hooks => names of functions, in the order of hooks/mod.rs and of the file.
    def hooked
      File.read("#{HOOKS}/mod.rs").scan(/^ *(\w+)::HOOKS,$/).flatten.to_h do |file|
        names = File.read("#{HOOKS}/#{file}.rs").scan(/^ *\[(c"\w+"(?:, c"\w+")*)\] fn /).join
        [file, names.scan(/c"(\w+)"/).flatten]
      end
    end

    # The names of functions in the headers that take a path; nil if the headers are not installed.
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

    # All functions in a header, as [name, arguments].
    def prototypes(text)
      text.gsub(%r{/\*.*?\*/}m, " ").gsub(/^#.*?(?<!\\)$/m, " ").gsub(/\s+/, " ").split(";").filter_map do |declaration|
        match = /\b(?!__attribute)(\w+) ?\((.*)/.match(declaration.sub(/\A.*[{}]/, "").sub(/__(?:REDIRECT\w*|NTH\w*) \((?=\w+ \()/, ""))
        match && [match[1], match[2]]
      end
    end
  end
end
