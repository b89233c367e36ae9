"""The proofs about the thermal look-ahead and the sensors it rests on."""
