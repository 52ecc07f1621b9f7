package sys

// HeapAround is heapAround, for tests.
var HeapAround = heapAround
