"""Instructions, estimated cycles, flash and RAM of whole models beside their peers."""
