# frozen_string_literal: true

# Loaded with -r: as on a system without mounts.
InVFS.transparent = false
