# Stands for virtual files where Ruby wants a real one (see InVFS::LoadWrapped); evaluates to the encoding of source.
__ENCODING__.itself
