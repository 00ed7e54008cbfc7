"""Vector and sparse indexes on arrays alone: row numbers, masks and float32 arrays in, row numbers and scores out.

vectors    the float32 mirror rows of a namespace, appended to without disturbing readers
flat       exact search, the oracle of every other kind
scan       quantised codes, scanned exhaustively
rerank     codes first, float32 scores last, deeper where a query needs it
calibrate  measures how deep a search must look for the recall that an index promises
sparse     inverted lists for sparse vectors, in segments (postings)
fusion     the best sums of dense and sparse scores
cutting    which of many scores can be among the best
faiss_kinds  kinds of faiss as they come, to measure others against
"""
