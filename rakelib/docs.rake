# frozen_string_literal: true

# The documentation of the API. For the native methods a Ruby file is made of the comments in the Rust code. It goes
# into the gems, and is not kept in the repository.

desc "Write api/invfs.rb, the documentation of the native methods"
task :api do
  require_relative "../test/support/native_docs"
  mkdir_p File.dirname(NativeDocs::FILE), verbose: false
  File.write(NativeDocs::FILE, NativeDocs.text)
end

desc "Write the documentation of the API into tmp/doc, by yard if it is there, else by rdoc"
task docs: :api do
  target = "#{ROOT}/tmp/doc"
  rm_rf target, verbose: false
  next sh("yard", "doc", "--fail-on-warning", "--output-dir", target, chdir: ROOT) if program("yard")

  options = source_specification.rdoc_options
  sh("rdoc", "--quiet", "--output", target, *options, "lib", *source_specification.extra_rdoc_files, chdir: ROOT)
end
