// The command line: pentimento VERB …  One of the three places that catch Error.
#pragma once

namespace pentimento {

// Returns the exit code (base/error.h): 0 done, 2 wrong usage, 3 not found, 4 corrupt file,
// 5 unsupported, 6 out of memory, 7 disk, 70 a defect, 130 interrupted.
int run_cli(int argc, char** argv);

}  // namespace pentimento
