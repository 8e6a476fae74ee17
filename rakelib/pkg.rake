# frozen_string_literal: true

# Builds the gems: the source gem, and the platform gem with compiled libraries.

require "rubygems/package"

PKG = "#{ROOT}/pkg".freeze

def source_specification
  Dir.chdir(ROOT) { Gem::Specification.load("#{ROOT}/invfs.gemspec") }
end

# Builds a gem from the files in +dir+, and returns its path.
def build_gem(specification, dir)
  mkdir_p PKG, verbose: false
  built = Dir.chdir(dir) { File.expand_path(Gem::Package.build(specification)) }
  path = "#{PKG}/#{File.basename(built)}"
  mv built, path, verbose: false unless built == path
  puts path.delete_prefix("#{ROOT}/")
  path
end

# Puts the library for each of the Rubies into +stage+, and returns the minor versions of the available ones.
def stage_libraries(stage, minors)
  minors.each_with_object([]) do |minor, staged|
    destination = "#{stage}/lib/invfs/#{minor}/#{LIBRARY}"
    if minor == THIS_MINOR
      compile_library(destination)
    elsif rake_under(minor, "compile")
      mkdir_p File.dirname(destination), verbose: false
      cp "#{ROOT}/lib/invfs/#{minor}/#{LIBRARY}", destination, verbose: false
    elsif $?.exitstatus == NOT_AT_HAND
      next warn("!! The platform gem will have no library for Ruby #{minor}: it is not at hand")
    else
      abort "Building for Ruby #{minor} failed"
    end
    staged << minor
  end
end

# Admits only these minor versions of Ruby, so that RubyGems takes the source gem for all others. A requirement cannot
# exclude a minor version in the middle, so this excludes each of its releases (no Ruby so far had more than 20).
def ruby_requirement(minors)
  first, last = [minors.first, minors.last].map { |minor| minor[/\d+\z/].to_i }
  missing = (first..last).map { |number| "3.#{number}" } - minors
  [">= 3.#{first}", "< 3.#{last + 1}.dev"] + missing.flat_map { |minor| (0..20).map { |n| "!= #{minor}.#{n}" } }
end

desc "Build the source gem into pkg"
task :gem do
  build_gem(source_specification, ROOT)
end

namespace :gem do
  desc "Build the platform gem into pkg, with a library for each of Ruby #{MINORS.join(", ")} (RUBIES=3.1 limits it)"
  task :native do
    stage = "#{ROOT}/tmp/native"
    rm_rf stage, verbose: false
    specification = source_specification
    files = specification.files.grep_v(%r{\Aext/})
    files.each do |file|
      mkdir_p File.dirname("#{stage}/#{file}"), verbose: false
      cp "#{ROOT}/#{file}", "#{stage}/#{file}", verbose: false
    end
    minors = stage_libraries(stage, wanted_minors)
    abort "no library for any Ruby" if minors.empty?

    specification.files = files + minors.map { |minor| "lib/invfs/#{minor}/#{LIBRARY}" }
    specification.extensions = []
    specification.platform = Gem::Platform.local
    specification.required_ruby_version = ruby_requirement(minors)
    build_gem(specification, stage)
  end
end
