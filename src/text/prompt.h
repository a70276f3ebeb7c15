// AUTOMATIC1111's prompt language (webui-spec §4), in the order it is applied:
#pragma once

#include "text/attention.h"        // (more:1.2), BREAK
#include "text/chunks.h"           // tokens, 75 at a time
#include "text/emphasis.h"         // weights on the encoder's output
#include "text/extra_networks.h"   // <lora:name:0.8>
#include "text/prompt_schedule.h"  // [from:to:when], [a|b]
#include "text/styles.h"           // # comments, styles
#include "text/sub_prompts.h"      // a AND b :0.5
