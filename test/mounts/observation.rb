# frozen_string_literal: true

# The observations of a case, as comparable lines of text: places are replaced by their names, and Strings are compared
# with their encoding.
class Observation
  # places: path => name, the longest first.
  def initialize(places)
    @places = places.to_a.sort_by { |path, _| -path.size }
  end

  # The lines for a value: one for each nested value, with the way to it.
  def lines(value, way = "")
    inside = value if value.is_a?(Hash)
    inside = (0...value.size).zip(value).to_h if value.is_a?(Array) && value.any? { |item| structured?(item) }
    return ["#{way}: #{text(value)}"] if inside.nil? || inside.empty?

    inside.flat_map { |key, item| lines(item, "#{way}/#{text(key)}") }
  end

  # The text for a value.
  def text(value)
    case value
    when String then string(value)
    when Array then "[#{value.map { |item| text(item) }.join(", ")}]"
    when Hash then "{#{value.map { |key, item| "#{text(key)} => #{text(item)}" }.join(", ")}}"
    when Exception then exception(value)
    when Struct then "#{value.class.name} #{text(value.to_h)}"
    else nameless(value.inspect)
    end
  end

  # The text for an exception.
  def exception(error)
    "#{error.class}: #{nameless(error.message.lines.first.to_s.chomp)}"
  end

  private

  def structured?(item) = item.is_a?(Array) || item.is_a?(Hash) || item.is_a?(Exception)

  def string(value)
    tag = value.encoding == Encoding::UTF_8 ? "" : "(#{value.encoding})"
    placed(value).inspect + tag
  end

  def nameless(text)
    placed(text).gsub(/0x\h{8,}/, "0xADDRESS").gsub(/\(fd \d+\)/, "(fd N)").gsub(/\bfd:\d+/, "fd:N")
  end

  # Long contents are shown by their ends and a checksum.
  def placed(value)
    text = @places.inject(value.b) { |result, (path, name)| result.gsub(path.b, name.b) }
    text = "#{text[0, 200]}...#{text.bytesize} bytes, sum #{text.sum(32)}...#{text[-100..]}" if text.bytesize > 4000
    utf8 = text.dup.force_encoding(Encoding::UTF_8)
    utf8.valid_encoding? ? utf8 : text
  end
end
