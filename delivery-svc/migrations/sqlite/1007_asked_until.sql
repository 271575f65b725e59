-- Until when a booking that nobody claimed is with a sweep that asks whose it is; others look past it. NULL before the first.
ALTER TABLE delivery ADD COLUMN asked_until INTEGER;
