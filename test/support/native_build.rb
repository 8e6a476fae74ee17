# frozen_string_literal: true

# Compiles small native extensions for tests, once per run, with the compiler and flags of this Ruby.
require "rbconfig"
require "tmpdir"
require "fileutils"
require "open3"

module NativeBuild
  DLEXT = RbConfig::CONFIG.fetch("DLEXT")

  class << self
    # The bytes of an extension `name` whose Init_ function prints, and defines the module `name` capitalised.
    # library: the name of a library next to it that it needs, built by `library`.
    # calls: C code at the start of its Init_ function.
    def extension(name, library: nil, says: name, calls: "")
      once([:extension, name, library, says, calls]) do |directory|
        needs = library ? "int #{library}_answer(void);\n" : ""
        answer = library ? "#{library}_answer()" : "1"
        compile(directory, "#{name}.#{DLEXT}", <<~C, library)
          #include <ruby.h>
          #{needs}
          static VALUE answer(VALUE self) { return INT2FIX(#{answer}); }
          void Init_#{name}(void) {
            #{calls}
            VALUE module = rb_define_module("#{name.capitalize}");
            rb_define_singleton_method(module, "answer", answer, 0);
            rb_io_puts(1, (VALUE[]){ rb_str_new_cstr("#{says}") }, rb_stdout);
          }
        C
      end
    end

    # The bytes of a plain shared library lib<name> with one function, <name>_answer.
    def library(name, answer)
      once([:library, name, answer]) do |directory|
        compile(directory, "lib#{name}.so", "int #{name}_answer(void) { return #{answer}; }\n")
      end
    end

    # The bytes of a plain shared library built from this C code.
    def code(source)
      once([:code, source]) { |directory| compile(directory, "code.so", source) }
    end

    def library_name(name)
      "lib#{name}.so"
    end

    # The reason why nothing can be compiled here, or nil.
    def unavailable
      return @unavailable if defined?(@unavailable)

      @unavailable = probe
    end

    # The command of this Ruby's compiler: that of the machine may be for another C library.
    def compiler = RbConfig::CONFIG.fetch("CC").split

    private

    def probe
      return "Ruby's headers are not installed" unless File.exist?("#{RbConfig::CONFIG["rubyhdrdir"]}/ruby.h")

      "there is no C compiler" unless system(*compiler, "--version", out: File::NULL, err: File::NULL)
    rescue Errno::ENOENT
      "there is no C compiler"
    end

    def once(key, &block)
      (@built ||= {})[key] ||= Dir.mktmpdir("invfs-native", &block)
    end

    def compile(directory, file, source, library = nil)
      File.write("#{directory}/source.c", source)
      if library
        File.binwrite("#{directory}/#{library_name(library)}", @built.find { |key, _| key[0, 2] == [:library, library] }[1])
      end
      config = RbConfig::CONFIG
      command = [*compiler, "-shared", "-fPIC", "-w", "-I#{config["rubyhdrdir"]}", "-I#{config["rubyarchhdrdir"]}",
                 "-o", file, "source.c"]
      command.push("-L.", "-l#{library}", "-Wl,-rpath,$ORIGIN:$ORIGIN/../lib") if library
      output, status = Open3.capture2e(*command, chdir: directory)
      raise "the compiler failed: #{output}" unless status.success?

      File.binread("#{directory}/#{file}")
    end
  end
end
