"""Stage versions: raise a number when a stage's result changes for the same input, and reruns will redo that stage alone."""

INDEX = 4
READ = 9
CONVERT = 6
LESIONS = 6
STRUCTURE = 4
FINISH = 11
PUBLISH = 2
