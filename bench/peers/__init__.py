"""What would be used in Almanac's place, each in a Django project of its own that holds nothing else."""
