"""Write-ups with levels given by hand, and how well the grader agrees with them."""
