"""What people type and see: one module a verb."""
