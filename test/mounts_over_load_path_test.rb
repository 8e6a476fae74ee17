# frozen_string_literal: true

# Mounts inside an archive in $: `require` finds what lies in them, and not what they cover.
require_relative "test_helper"
require_relative "support/mount_process"

class MountsOverLoadPathTest < Minitest::Test
  include MountProcess::Assertions

  SETUP = <<~'RUBY'
    require "invfs/pack"
    require "fileutils"
    names = %w[lib/a/x.rb lib/ab/x.rb lib/a.rb lib/b.rb]
    names.each do |name|
      FileUtils.mkdir_p("#{DIRECTORY}/tree/#{File.dirname(name)}")
      File.write("#{DIRECTORY}/tree/#{name}", "$from << #{name.dump}")
    end
    ZIP = "#{DIRECTORY}/load_path.zip"
    InVFS.pack("#{DIRECTORY}/tree", ZIP)
    $: << "#{ZIP}/lib"
    $from = []

    # Where the files came from; nil for one that is not found.
    def from(*names)
      names.map do |name|
        $from.clear
        require name
        $from.first
      rescue LoadError
        nil
      end
    end

    def over(path, name)
      InVFS.mount(path, InVFS.stringmap({ name => "$from << 'the mount'" }))
    end
  RUBY

  def test_a_mount_covers_a_directory_and_nothing_beside_it
    assert_right <<~RUBY
      #{SETUP}
      over("\#{ZIP}/lib/a", "y.rb")
      same(["the mount", nil, "lib/ab/x.rb", "lib/a.rb", "lib/b.rb"]) { from(*%w[a/y a/x ab/x a b]) }
    RUBY
  end

  def test_a_mount_covers_the_directory_in_the_load_path
    assert_right <<~RUBY
      #{SETUP}
      over("\#{ZIP}/lib", "c.rb")
      same(["the mount", nil]) { from(*%w[c b]) }
      InVFS.unmount("\#{ZIP}/lib")
      same(["lib/b.rb"]) { from("b") }
    RUBY
  end

  def test_a_mount_covers_the_archive
    assert_right <<~RUBY
      #{SETUP}
      over(DIRECTORY, "load_path.zip/lib/c.rb")
      same(["the mount", nil]) { from(*%w[c b]) }
    RUBY
  end

  def test_names_that_are_not_clean_lead_into_a_mount_and_out_of_it
    assert_right <<~RUBY
      #{SETUP}
      over("\#{ZIP}/lib/a", "y.rb")
      same(["the mount", nil, "lib/b.rb"]) { from(*%w[ab/../a/y ab/../a/x a/../b]) }
    RUBY
  end
end
