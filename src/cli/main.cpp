#include "cli/cli.h"

int main(int argc, char** argv) { return pentimento::run_cli(argc, argv); }
