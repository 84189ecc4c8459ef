// Memory of a device as ggml's backends give it: bytes that are copied there and back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "leoam/status.h"

namespace leoam {

struct DeviceInfo {
  std::string name;  // as ggml has it, e.g. "CUDA0", "Vulkan0"
  std::string description;
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
};

// GPUs with memory of their own, of ggml's modules here (LoadGpuModules, which it calls).
std::vector<DeviceInfo> ListDevices();

// Any thread may call it, several at once. An operation that fails may have happened in part; the
// device is then not to be trusted any more.
class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  virtual size_t size() const = 0;
  // `offset` and sizes are multiples of kDeviceAlignment, inside size().
  virtual Status Write(size_t offset, std::span<const uint8_t> bytes) = 0;
  virtual Status Read(size_t offset, std::span<uint8_t> out) = 0;
};

// Copies of some backends go by words.
constexpr size_t kDeviceAlignment = 4;

// `device`: a name that ggml knows, of a processor, too; empty: the first of ListDevices. At most
// `bytes`, and no more than the device gives in one piece. kInvalidArgument without a device of
// that name, kNoSpace where there is no GPU or it has no room.
Result<std::shared_ptr<DeviceMemory>> AllocateDeviceMemory(const std::string& device, size_t bytes);

}  // namespace leoam
