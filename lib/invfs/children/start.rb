# frozen_string_literal: true

# RUBYOPT has every Ruby load this that a program starts whose mounts are passed on. It must start also where invfs
# cannot be loaded: another minor version of Ruby, another implementation.
if ENV["INVFS_MOUNTS"]
  minor = RUBY_VERSION[/\A\d+\.\d+/]
  same = ENV["INVFS_MOUNTS"].start_with?("#{minor} #{RUBY_PLATFORM}\n")
  if RUBY_ENGINE == "ruby" && (same || File.file?(File.expand_path("../#{minor}/invfs.so", __dir__)))
    begin
      require_relative "../../invfs"
      InVFS.const_get(:Children).receive
    rescue LoadError => e
      warn("invfs: the mounts of the parent process are missing here: #{e.message}")
    end
  elsif $VERBOSE
    warn("invfs: the mounts of the parent process are missing here: it is another Ruby")
  end
end
