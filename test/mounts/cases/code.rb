# frozen_string_literal: true

# Loading Ruby code from the tree, by Ruby's own require and by the libraries that wrap it.
CaseList.subject(:code, isolated: true) do
  # The additions to $".
  added = ->(before) { ($LOADED_FEATURES - before).reject { |feature| feature.include?("/enc/") || feature.start_with?("/usr", "/var/lib/gems") } }
  try_load = lambda do |&block|
    block.call
  rescue StandardError, ScriptError => e
    [e.class, e.message.lines.first, (e.path if e.is_a?(LoadError)), e.backtrace_locations&.first&.lineno.class]
  end

  observe("require by a load path entry") { |root| before = $".dup; $: << "#{root}/lib"; [require("main"), require("main"), Main::DIR, Main::FILE, Main::VERSION, Main::Part::LOCATION, added.(before)] }
  observe("require with an absolute path") { |root| before = $".dup; [require("#{root}/lib/main"), require("#{root}/lib/main.rb"), require("#{root}/lib/../lib/main"), added.(before)] }
  observe("require with a relative entry of the load path") { |root| Dir.chdir(root); $:.unshift("lib"); [require("main"), $".last(2), Main::FILE] }
  observe("require with ./") { |root| Dir.chdir("#{root}/lib"); [require("./main"), Main::FILE] }
  observe("require after both spellings") { |root| $: << "#{root}/lib"; [require("#{root}/lib/top_level"), require("top_level"), require("top_level.rb")] }
  observe("require through a link") { |root| before = $".dup; [require("#{root}/links/dir/main"), Main::FILE, Main::DIR, added.(before), ($: << "#{root}/links/dir") && require("top_level"), added.(before)] }
  observe("require_relative") { |root, scratch| File.write("#{scratch}/a.rb", "$answer = require_relative '#{root}/lib/main'") && require("#{scratch}/a") && [$answer, Main::Part::LOCATION] }
  observe("require_relative of a script that was loaded from there") { |root| before = $".dup; load("#{root}/lib/main.rb"); added.(before) }
  observe("features that are missing") { |root| $: << "#{root}/lib"; %w[nothing main/nothing main.so VERSION].map { |feature| try_load.call { require feature } } << try_load.call { require "#{root}/lib/nothing" } << try_load.call { require root } << try_load.call { require "#{root}/lib/both" } }
  observe("a feature that does not compile") { |root| try_load.call { require "#{root}/lib/broken" } }
  observe("a feature that raises") { |root| before = $".dup; [try_load.call { require "#{root}/lib/raises" }, try_load.call { require "#{root}/lib/raises" }, added.(before)] }
  observe("the backtrace of a feature") { |root| require "#{root}/lib/raises" rescue $!.backtrace.first[/\A.*?:\d+/] }
  observe("load") { |root| [load("#{root}/lib/top_level.rb"), $top_level, TOP_LEVEL, ($VERBOSE = nil; load("#{root}/lib/top_level.rb")), ($: << "#{root}/lib") && load("frozen.rb"), $frozen, Dir.chdir(root) { load("./lib/both") }, $both] }
  observe("load of what is missing") { |root| [try_load.call { load("#{root}/lib/nothing.rb") }, try_load.call { load("nothing.rb") }, try_load.call { load("#{root}/lib") }] }
  observe("load, wrapped") { |root| [load("#{root}/lib/top_level.rb", true), defined?(TOP_LEVEL), $top_level.size, (load("#{root}/lib/top_level.rb", Wrapper = Module.new)), Wrapper::TOP_LEVEL] }
  observe("load with an encoding comment") { |root| load("#{root}/lib/latin.rb") && $latin }
  observe("DATA") { |root| load("#{root}/lib/data_end.rb") && $data_end.inspect }
  observe("autoload") { |root| Object.autoload(:LazyThing, "#{root}/lib/lazy_thing.rb"); [Object.autoload?(:LazyThing), defined?(LazyThing), LazyThing::PLACE, Object.autoload?(:LazyThing)] }
  observe("autoload by a load path entry") { |root| $: << "#{root}/lib"; Object.autoload(:LazyThing, "lazy_thing"); [LazyThing::PLACE, $".last] }
  observe("autoload of what is missing") { |root| Object.autoload(:NothingThere, "#{root}/lib/nothing.rb"); try_load.call { NothingThere } }
  observe("$:.resolve_feature_path") { |root| $: << "#{root}/lib"; [$:.resolve_feature_path("main"), $:.resolve_feature_path("nothing"), $:.resolve_feature_path("#{root}/lib/main"), try { $:.resolve_feature_path("both") }] }
  observe("RubyVM::InstructionSequence.compile_file") { |root| RubyVM::InstructionSequence.compile_file("#{root}/lib/frozen.rb").then { |iseq| [iseq.path, iseq.absolute_path, iseq.eval, try_load.call { RubyVM::InstructionSequence.compile_file("#{root}/lib/broken.rb") }.first, try_load.call { RubyVM::InstructionSequence.compile_file("#{root}/lib/nothing.rb") }] } }
  observe("RubyVM::AbstractSyntaxTree.parse_file") { |root| RubyVM::AbstractSyntaxTree.parse_file("#{root}/lib/frozen.rb").type }
  observe("RubyVM::AbstractSyntaxTree.of") { |root| require "#{root}/lib/top_level"; try { RubyVM::AbstractSyntaxTree.of(method(:top_level_method)).type } }
  observe("source_location and const_source_location") { |root| require("#{root}/lib/top_level") && [method(:top_level_method).source_location, Object.const_source_location(:TOP_LEVEL)] }
  observe("eval of a file") { |root| [eval(File.read("#{root}/data/strings.rb.txt"), binding, "#{root}/data/strings.rb.txt"), binding.eval("[__FILE__, __dir__]", "#{root}/lib/x.rb")] }
  observe("SCRIPT_LINES__") { |root| Object.const_set(:SCRIPT_LINES__, {}); load("#{root}/lib/frozen.rb"); SCRIPT_LINES__.select { |path, _| path.start_with?(root) } }
  observe("Coverage", needs: "coverage") { |root| Coverage.start; load("#{root}/lib/top_level.rb"); Coverage.result.select { |path, _| path.start_with?(root) } }
  observe("TracePoint sees the script") { |root| seen = []; TracePoint.new(:script_compiled) { |point| seen << point.instruction_sequence.path }.enable { load("#{root}/lib/frozen.rb") }; seen.select { |path| path.start_with?(root) } }

  observe("a native extension") { |root| next "no compiler" unless Dir.exist?("#{root}/native"); before = $".dup; $: << "#{root}/native"; $stdout.reopen(File::NULL); [require("mountext"), Mountext.answer, require("mountext"), require("#{root}/native/mountext"), added.(before)] }
  observe("a native extension by its whole name") { |root| next "no compiler" unless Dir.exist?("#{root}/native"); $stdout.reopen(File::NULL); [require("#{root}/native/mountext.so"), Mountext.answer] }
  observe("a native extension that is none") { |root, _scratch| $: << "#{root}/native"; try_load.call { require "plainlib.so" }.then { |result| [result.first, result[2]] } }

  observe("zeitwerk", needs: "zeitwerk") do |root|
    loader = Zeitwerk::Loader.new
    loader.push_dir("#{root}/zeit")
    loader.enable_reloading
    events = []
    loader.on_load { |path, _, file| events << [path, file] }
    loader.setup
    first = [Shop::VERSION, Shop::Cart.new.items, Shop::Admin, Shop::Admin::Panel.new.file, Shop.autoload?(:Order), Object.const_source_location("Shop::Cart")]
    cart = Shop::Cart
    loader.reload
    second = [Shop::Cart.new.items, cart.equal?(Shop::Cart), try { Shop::Wrong }, loader.dirs]
    [first, second, events]
  end
  observe("zeitwerk, eager", needs: "zeitwerk") do |root|
    loader = Zeitwerk::Loader.new
    loader.push_dir("#{root}/zeit")
    loader.ignore("#{root}/zeit/shop/wrong.rb")
    loader.setup
    [loader.eager_load.class, $".grep(/zeit/).grep(/shop/).size, Shop::Order::TOTAL, Object.const_source_location("Shop::Admin::Panel")]
  end
  observe("zeitwerk, eager, with a wrong file", needs: "zeitwerk") { |root| loader = Zeitwerk::Loader.new; loader.push_dir("#{root}/zeit"); loader.setup; try { loader.eager_load } }

  bootsnap = lambda do |scratch|
    $VERBOSE = nil
    Bootsnap.setup(cache_dir: "#{scratch}/cache", development_mode: true, load_path_cache: true, compile_cache_iseq: true, compile_cache_yaml: true)
  end
  observe("bootsnap", needs: %w[msgpack bootsnap zeitwerk]) do |root, scratch|
    bootsnap.(scratch)
    $: << "#{root}/lib"
    [require("main"), Main::FILE, Main::DIR, require("lazy_thing"), LazyThing::PLACE, require("#{root}/lib/frozen"), $frozen, try_load.call { require "nothing" }, load("#{root}/lib/top_level.rb")]
  end
  observe("bootsnap and YAML", needs: %w[msgpack bootsnap zeitwerk]) { |root, scratch| require "yaml"; bootsnap.(scratch); Array.new(2) { YAML.load_file("#{root}/config.yml") } }
  observe("bootsnap with a warm cache", needs: %w[msgpack bootsnap zeitwerk]) do |root, scratch|
    Array.new(2) do
      reader, writer = IO.pipe
      Process.wait(fork { bootsnap.(scratch); $: << "#{root}/lib"; writer << [require("main"), Main::FILE, Main::Part::LOCATION].inspect; writer.close; exit!(true) })
      writer.close
      reader.read
    end
  end
  observe("bootsnap and zeitwerk", needs: %w[msgpack bootsnap zeitwerk]) { |root, scratch| bootsnap.(scratch); loader = Zeitwerk::Loader.new; loader.push_dir("#{root}/zeit"); loader.setup; [Shop::Cart.new.items, Shop::Admin::Panel.new.file] }
end
