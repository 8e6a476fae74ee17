# frozen_string_literal: true

# Mounts and other processes or objects: children, daemons, programs, libraries, Ractors.
require_relative "test_helper"
require_relative "support/mount_process"

class MountsProcessesTest < Minitest::Test
  include MountProcess::Assertions

  def test_children_of_all_kinds
    assert_right(<<~'RUBY')
      mount
      same("hello\n") { IO.popen(["cat"], in: "#{ROOT}/hello.txt", &:read) }
      same("hello\n") { IO.popen("cat < /dev/stdin", in: "#{ROOT}/hello.txt", &:read) }
      same(Errno::EROFS) { system("true", out: "#{ROOT}/new") }
      same("x\n") { IO.popen(["#{ROOT}/bin/echo", "x"], &:read) }
      same("script x\nin") { IO.popen(["#{ROOT}/bin/script", "x"], "r+") { |io| io.write("in"); io.close_write; io.read } }
      same("x\n") { Dir.chdir("#{ROOT}/bin") { IO.popen(["./echo", "x"], &:read) } }
      same("x\n") { `#{ROOT}/bin/echo x` }
      same(Errno::EACCES) { IO.popen(["#{ROOT}/hello.txt"], &:read) }
      same(Errno::ENOENT) { IO.popen(["#{ROOT}/none"], &:read) }
      # A child sees an empty directory, and its parents are none of ours: nothing of anybody else's is touched.
      same("") { Dir.chdir("#{ROOT}/d") { %w[. .. ../..].map { |name| IO.popen(["ls", "-A", name], &:read) }.join } }
      same("") { IO.popen(["ls"], chdir: "#{ROOT}/d", &:read) }
      same(["#{ROOT}/d", "1"]) { Dir.chdir("#{ROOT}/d") { system("true"); [Dir.pwd, File.read("one.txt")] } }
      same(0) { child { Dir.chdir("#{ROOT}/d"); same("1") { File.read("one.txt") }; same(true) { system("true") } } }
      same(1) { Process.wait2(spawn("false", chdir: "#{ROOT}/d", in: "#{ROOT}/hello.txt")).last.exitstatus }
    RUBY
  end

  def test_exec_of_what_is_mounted
    assert_right(<<~'RUBY')
      mount
      [[], [{ close_others: true }]].each do |options|
        reader, writer = IO.pipe
        same(0) { child { exec("#{ROOT}/bin/script", "x", in: "#{ROOT}/hello.txt", out: writer, **options.first.to_h) } }
        writer.close
        same("script x\nhello\n") { reader.read }
      end
    RUBY
  end

  def test_a_daemon
    assert_right(<<~'RUBY')
      mount
      reader, writer = IO.pipe
      same(0) do
        child do
          Dir.chdir("#{ROOT}/d")
          Process.daemon
          writer.print [Dir.pwd, File.read("#{ROOT}/hello.txt"), Dir.children("#{ROOT}/d").size, File.exist?("one.txt")].inspect
        end
      end
      writer.close
      same(["/", "hello\n", 3, false].inspect) { reader.read }
    RUBY
  end

  def test_libraries
    Dir.mktmpdir("invfs-libraries") do |directory|
      compiled(directory, "libsibling", "int sibling(void) { return 41; }", "-Wl,-soname,libsibling.so")
      compiled(directory, "libmain", "int sibling(void); int answer(void) { return sibling() + 1; }", "-L#{directory}", "-lsibling", "-Wl,-rpath,$ORIGIN")
      whole = File.binread("#{directory}/libmain.so")
      files = { "libmain.so" => whole, "libsibling.so" => File.binread("#{directory}/libsibling.so"), "empty.so" => "",
                "truncated.so" => whole[0, whole.size / 2], "header.so" => whole[0, 100], "text.so" => "no library" }
      assert_right(<<~'RUBY', ZipBuilder.write("#{directory}/libraries.zip", files))
        mount
        InVFS.mount("#{ROOT}n", InVFS.zip(ARGV.first))
        library = Fiddle.dlopen("#{ROOT}n/libmain.so")
        same(42) { Fiddle::Function.new(library["answer"], [], Fiddle::TYPE_INT).call }
        same(library.to_i) { Fiddle.dlopen("#{ROOT}n/libmain.so").to_i }
        same(Fiddle.dlopen("#{ROOT}n/libsibling.so").to_i) { Fiddle.dlopen("#{ROOT}n/libsibling.so").to_i }
        failing = ->(name) do
          Fiddle.dlopen(name)
          abort "#{name} was loaded"
        rescue Fiddle::DLError, ArgumentError => e # the latter: Ruby 3.3 reads what is no library as text
          e.message
        end
        none_loads = -> { %w[truncated header text empty].all? { |name| failing["#{ROOT}n/#{name}.so"].size > 10 } }
        # What was read as text is held, to be opened again, and so is what that needs.
        2.times { same(true, &none_loads) }
        before = descriptors
        same(true, &none_loads)
        same(failing["/nowhere/none.so"].sub("/nowhere", "#{ROOT}n")) { failing["#{ROOT}n/none.so"] }
        same(true) { failing["#{ROOT}/d"].include?("directory") }
        same(before) { descriptors }
        # A name without a slash is no path.
        same(true) { Dir.chdir(ROOT) { Fiddle.dlopen(RbConfig::CONFIG["LIBRUBY_SONAME"])["rb_ary_new"].to_i > 0 } }
        same(true) { Dir.chdir("#{ROOT}n") { failing["text.so"].include?("No such file") } }
      RUBY
    end
  end

  # A library that others need is one library, whoever asks for it first, as on disk; with a name of its own and without.
  %w[count,first,second first,count,second first,second,count].product(["-Wl,-soname,libcount.so", nil]).each do |order, own_name|
    define_method("test_in_the_order_#{order}_with_#{own_name ? "a" : "no"}_name") do
      Dir.mktmpdir("invfs-libraries") do |directory|
        compiled(directory, "libcount", "int counted = 0; int count(void) { return ++counted; }", *own_name)
        %w[first second].each do |name|
          compiled(directory, "lib#{name}", "int count(void); int #{name}(void) { return count(); }",
                   "-L#{directory}", "-lcount", "-Wl,-rpath,$ORIGIN")
        end
        files = Dir["#{directory}/*.so"].to_h { |path| [File.basename(path), File.binread(path)] }
        program = <<~'RUBY'
          InVFS.mount("#{ROOT}n", InVFS.zip(ARGV.first)) if ARGV.first.end_with?(".zip")
          place = ARGV.first.end_with?(".zip") ? "#{ROOT}n" : ARGV.first
          p(ARGV[1].split(",").map { |name| Fiddle::Function.new(Fiddle.dlopen("#{place}/lib#{name}.so")[name], [], Fiddle::TYPE_INT).call })
        RUBY
        [directory, ZipBuilder.write("#{directory}/libraries.zip", files)].each do |place|
          assert_prints("[1, 2, 3]\n", program, place, order)
        end
      end
    end
  end

  def test_libraries_that_are_loaded_later_have_hooks
    assert_right(<<~'RUBY')
      abort "too early" if $LOADED_FEATURES.any? { |feature| feature.end_with?("openssl.so") }
      require "tmpdir"
      mount
      require "openssl"
      key = OpenSSL::PKey::EC.generate("prime256v1")
      certificate = OpenSSL::X509::Certificate.new
      certificate.subject = certificate.issuer = OpenSSL::X509::Name.parse("/CN=test")
      certificate.public_key = key
      certificate.not_before, certificate.not_after = Time.now, Time.now + 60
      certificate.sign(key, "SHA256")
      InVFS.mount("#{ROOT}c", InVFS::StringMapFS.new({ "ca.pem" => certificate.to_pem }))
      store = OpenSSL::X509::Store.new
      store.add_file("#{ROOT}c/ca.pem")
      same(true) { store.verify(certificate) || store.error_string.include?("self") }
    RUBY
  end

  def test_functions_that_a_preloaded_library_replaced_stay_replaced
    Dir.mktmpdir("invfs-preload") do |directory|
      compiled(directory, "counting", <<~C)
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdarg.h>
        #include <string.h>
        int counted = 0;
        static int opened(const char *name, const char *path, int flags, int mode) {
          if (strstr(path, "real.txt")) counted++;
          return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name))(path, flags, mode);
        }
        int open(const char *path, int flags, int mode) { return opened("open", path, flags, mode); }
        int open64(const char *path, int flags, int mode) { return opened("open64", path, flags, mode); }
        int openat(int fd, const char *path, int flags, int mode) {
          if (strstr(path, "real.txt")) counted++;
          return ((int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat"))(fd, path, flags, mode);
        }
        int openat64(int fd, const char *path, int flags, int mode) { return openat(fd, path, flags, mode); }
      C
      assert_right(<<~'RUBY', env: { "LD_PRELOAD" => "#{directory}/counting.so" })
        counted = Fiddle::Pointer.new(Fiddle::Handle::DEFAULT["counted"])
        count = -> { counted[0, 4].unpack1("l") }
        same(1) { File.read("#{DIRECTORY}/real.txt"); count.call }
        mount
        all_right
        before = count.call
        same(before + 1) { File.read("#{DIRECTORY}/real.txt"); count.call }
        same("hello\n") { File.read("#{ROOT}/hello.txt") }
      RUBY
    end
  end

  def test_another_allocator
    library = Dir["/usr/lib/**/libjemalloc.so*", "/usr/lib/**/libtcmalloc*.so*"].first
    skip "neither jemalloc nor tcmalloc is installed" unless library
    assert_right("mount\nall_right\nsame(0) { child { all_right } }", env: { "LD_PRELOAD" => library })
  end

  def test_ractors
    assert_right(<<~'RUBY')
      mount
      value = ->(ractor) { ractor.respond_to?(:value) ? ractor.value : ractor.take }
      ractors = Array.new(4) do
        Ractor.new(ROOT) do |root|
          100.times.sum { |index| File.read("#{root}/f/#{index}.txt").size + Dir.children("#{root}/d").size + File.size("#{root}/hello.txt") }
        end
      end
      expected = 100.times.sum { |index| content(index).size + 3 + 6 }
      same([expected] * 4) { ractors.map(&value) }
      all_right
    RUBY
  end

  def test_an_archive_that_is_closed_or_collected
    assert_right(<<~'RUBY')
      mount
      file, directory = File.open("#{ROOT}/hello.txt"), Dir.open("#{ROOT}/d")
      all_right
      $archive.close
      same("hello\n") { file.read }
      same(Errno::ESTALE) { File.read("#{ROOT}/hello.txt") }
      same(Errno::ESTALE) { Dir.children(ROOT) }
      same(false) { File.exist?("#{ROOT}/hello.txt") }
      $archive = nil
      mount
      all_right
      $archive = nil
      GC.start
      all_right
      file = File.open("#{ROOT}/hello.txt")
      # Both mounts: the second one covered the first.
      2.times { InVFS.unmount(ROOT) }
      GC.start
      same(["hello\n", {}]) { [file.read, InVFS.mounts] }
    RUBY
  end
end
