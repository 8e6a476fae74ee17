# frozen_string_literal: true

module InVFS
  # bootsnap's `require` refuses a name that its own scan of `$:` does not know, and that scan only sees directories.
  # With this module in front of its cache it falls back to the previous `require` (ours), as it does for other names
  # that it cannot answer. Installed when bootsnap is loaded after invfs.
  #
  # @api private
  module BootsnapFallback
    # @return [String, false, Object] what bootsnap found; `FALLBACK_SCAN` if it found nothing
    def find(...)
      found = super
      # bootsnap's answer may be a BasicObject.
      nil.equal?(found) ? Bootsnap::LoadPathCache::FALLBACK_SCAN : found
    end

    # Wraps bootsnap's cache, if this version of bootsnap has the required parts.
    # @return [void]
    def self.install
      cache = defined?(Bootsnap::LoadPathCache::Cache) && Bootsnap::LoadPathCache::Cache
      return unless cache && defined?(Bootsnap::LoadPathCache::FALLBACK_SCAN)

      cache.prepend(self)
    end
  end
end
