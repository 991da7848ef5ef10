"""Stage versions: raise a number when a stage's result changes for the same input, and reruns will redo that stage alone."""

INDEX = 1
READ = 2
CONVERT = 3
LESIONS = 2
STRUCTURE = 2
FINISH = 2
PUBLISH = 1
