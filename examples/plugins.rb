# frozen_string_literal: true

# Plugins that come as text, from a database, say, and not as files: a Hash in $:.
#   ruby -Ilib examples/plugins.rb
# What it prints stands at the end.
require "invfs"

# Knows plugins by name, and loads each when it is asked for.
class Plugins
  attr_reader :loaded

  def initialize
    @sources = {}
    @loaded = {}
    $LOAD_PATH << InVFS.stringmap(@sources, to_path: "/plugins")
  end

  # The Hash is used as it is, so what is added later is found too.
  def add(name, source)
    @sources["plugin/#{name}.rb"] = source
  end

  def [](name)
    require "plugin/#{name}"
    @loaded.fetch(name)
  end
end

PLUGINS = Plugins.new
PLUGINS.add("shout", <<~RUBY)
  PLUGINS.loaded["shout"] = ->(text) { text.upcase + "!" }
RUBY
puts PLUGINS["shout"].call("hello")

# Plugins can require each other, and say where they fail.
PLUGINS.add("twice", <<~RUBY)
  require_relative "shout"
  PLUGINS.loaded["twice"] = ->(text) { [PLUGINS["shout"].call(text)] * 2 }
RUBY
puts PLUGINS["twice"].call("hello").join(" ")

PLUGINS.add("broken", "\n\nraise 'not today'\n")
begin
  PLUGINS["broken"]
rescue RuntimeError => e
  puts "#{e.message} (#{e.backtrace_locations.first.path}:#{e.backtrace_locations.first.lineno})"
end

puts $LOADED_FEATURES.grep(%r{\A/plugins/})
__END__
HELLO!
HELLO! HELLO!
not today (/plugins/plugin/broken.rb:3)
/plugins/plugin/shout.rb
/plugins/plugin/twice.rb
