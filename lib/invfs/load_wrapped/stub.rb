# A real file in place of a virtual one, for InVFS::LoadWrapped. Evaluates to the encoding of source.
__ENCODING__.itself
