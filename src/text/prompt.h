// AUTOMATIC1111's prompt language (webui-spec §4). It is applied in this order: styles and
// comments, extra networks, sub-prompts (AND), schedule, attention with BREAK, chunks, and emphasis
// on what the encoder returned.
#pragma once

#include "text/attention.h"
#include "text/chunks.h"
#include "text/emphasis.h"
#include "text/extra_networks.h"
#include "text/prompt_schedule.h"
#include "text/styles.h"
#include "text/sub_prompts.h"
