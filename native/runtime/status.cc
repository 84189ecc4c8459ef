#include "leoam/status.h"

namespace leoam {

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kNotFound:
      return "not-found";
    case StatusCode::kCorruption:
      return "corruption";
    case StatusCode::kInvalidArgument:
      return "invalid-argument";
    case StatusCode::kUnsupported:
      return "unsupported";
    case StatusCode::kIo:
      return "io";
    case StatusCode::kNoSpace:
      return "no-space";
    case StatusCode::kTooNew:
      return "too-new";
    case StatusCode::kOutOfRange:
      return "out-of-range";
    case StatusCode::kDisposed:
      return "disposed";
    case StatusCode::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace leoam
