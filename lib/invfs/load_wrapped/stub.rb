# Deliberately empty: see InVFS::LoadWrapped.
