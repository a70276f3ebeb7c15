// What Ctrl-C (and SIGTERM) does, beyond raising the token of cancel_on_interrupt(): a second one
// ends the program at once; so does the first, in a little less than a second, when what runs
// cannot be stopped (a network that is being compiled). Files appear under their names only when
// they are whole, so nothing is left either way.
#pragma once

namespace pentimento {

// From now on an interrupt waits for the program to finish in its own way: for the server.
void take_time_to_stop();

}  // namespace pentimento
