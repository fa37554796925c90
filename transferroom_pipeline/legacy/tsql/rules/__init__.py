"""The rules about T-SQL by topic; `table` gathers them."""
