# frozen_string_literal: true

module InVFS
  module CLI
    # Tells from its first bytes which system a native extension was built for.
    module SharedObject
      ELF_MACHINES = { 3 => "i386", 40 => "arm", 62 => "x86_64", 183 => "aarch64", 243 => "riscv", 21 => "powerpc64",
                       22 => "s390x", 258 => "loongarch" }.freeze
      MACH_O_MACHINES = { 0x01000007 => "x86_64", 0x0100000c => "arm64" }.freeze
      MACH_O = [0xfeedfacf, 0xfeedface].freeze
      MACH_O_FAT = 0xcafebabe
      private_constant :ELF_MACHINES, :MACH_O_MACHINES, :MACH_O, :MACH_O_FAT

      class << self
        # @param bytes [String] its contents
        # @return [String, nil] for instance "ELF x86_64" or "Mach-O arm64"; nil if it is not a shared object
        def platform(bytes)
          if bytes.start_with?("\x7FELF".b)
            elf(bytes)
          elsif MACH_O.include?(bytes.unpack1("L<"))
            "Mach-O #{MACH_O_MACHINES.fetch(bytes[4, 4].to_s.unpack1("L<"), "of another machine")}"
          elsif bytes.unpack1("L>") == MACH_O_FAT
            "Mach-O for several machines"
          elsif bytes.start_with?("MZ")
            "Windows"
          end
        end

        # The {platform} of extensions that this Ruby can load: that of Ruby itself.
        def here
          library = $".find { |path| path.match?(%r{/invfs\.(so|bundle)\z}) }
          library && platform(File.binread(library, 64))
        end

        # Whether an extension of this platform can be loaded here, as far as invfs can tell.
        def fits?(platform)
          platform == here || (platform == "Mach-O for several machines" && here.to_s.start_with?("Mach-O"))
        end

        private

        def elf(bytes)
          format = bytes.getbyte(5) == 2 ? "S>" : "S<"
          machine = bytes[18, 2].to_s.unpack1(format)
          "ELF #{ELF_MACHINES.fetch(machine, "machine #{machine.inspect}")}"
        end
      end
    end
    private_constant :SharedObject
  end
end
