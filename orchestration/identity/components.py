"""Connected components of the user graph, in scipy: seconds where SQL recursion takes minutes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def roots(edges: pa.Table, max_component_size: int) -> tuple[pa.Table, pa.Table]:
    """Map each node of `edges` (left_node, right_node: text) to the smallest node it reaches.

    Returns (node, root_node) for nodes of components of two or more, and the same table for those
    whose component is over the cap: such a component links nobody and is reported instead.
    """
    left = edges.column("left_node").combine_chunks()
    right = edges.column("right_node").combine_chunks()
    nodes = pc.unique(pa.concat_arrays([left, right]))
    nodes = nodes.take(pc.sort_indices(nodes))  # a component's first member is its smallest
    count = len(nodes)
    if count == 0:
        return _table(nodes, nodes), _table(nodes, nodes)
    rows = pc.index_in(left, value_set=nodes).to_numpy()
    columns = pc.index_in(right, value_set=nodes).to_numpy()
    graph = coo_matrix((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(count, count))
    _, labels = connected_components(graph, directed=False)
    _, first, sizes = np.unique(labels, return_index=True, return_counts=True)
    root, size = first[labels], sizes[labels]
    table = _table(nodes, nodes.take(pa.array(root)))
    linked = table.filter(pa.array((size > 1) & (size <= max_component_size)))
    return linked, table.filter(pa.array(size > max_component_size))


def _table(nodes: pa.Array, root_nodes: pa.Array) -> pa.Table:
    return pa.table({"node": nodes, "root_node": root_nodes})
