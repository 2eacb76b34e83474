// Web and mail addresses, phone numbers, IP addresses, file names and versions as a person says them:
// "https://www.example.com/x?y=1" becomes "example dot com".
// Thread safety: a free function without state. Time is linear in the text.
#pragma once

#include "models/hibari/text/unicode.h"

namespace coda::models::hibari {

Text read_addresses(Text text);

}  // namespace coda::models::hibari
