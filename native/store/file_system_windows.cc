// The file system of Windows. User-only access comes from the profile folder that the
// store lies in: files inherit its access list.
#if defined(_WIN32)

#include <windows.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "store/file_system.h"

namespace leoam {

namespace {

constexpr DWORD kShareAll = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr size_t kLargestTransfer = 1U << 30;  // ReadFile and WriteFile count in 32 bits
constexpr int kLockAttempts = 20;
constexpr DWORD kLockPollMs = 5;

std::filesystem::path Native(const std::string& path) {
  return std::filesystem::path(std::u8string(path.begin(), path.end()));
}

Status Failure(const char* action, const std::string& path, DWORD error) {
  StatusCode code = StatusCode::kIo;
  if (error == ERROR_FILE_NOT_FOUND || error == ERROR_PATH_NOT_FOUND) {
    code = StatusCode::kNotFound;
  } else if (error == ERROR_DISK_FULL || error == ERROR_HANDLE_DISK_FULL ||
             error == ERROR_DISK_QUOTA_EXCEEDED) {
    code = StatusCode::kNoSpace;
  }
  return Status(code, std::string("Cannot ") + action + " " + path + ": " +
                          std::system_category().message(static_cast<int>(error)) + ".");
}

struct HandleCloser {
  using pointer = HANDLE;
  void operator()(HANDLE handle) const { ::CloseHandle(handle); }
};
using Handle = std::unique_ptr<HANDLE, HandleCloser>;

// Null when it fails; GetLastError says why.
Handle Open(const std::string& path, DWORD access, DWORD share, DWORD disposition, DWORD flags) {
  const HANDLE handle = ::CreateFileW(Native(path).c_str(), access, share, nullptr, disposition,
                                      FILE_ATTRIBUTE_NORMAL | flags, nullptr);
  return Handle(handle == INVALID_HANDLE_VALUE ? nullptr : handle);
}

class WindowsReadableFile final : public ReadableFile {
 public:
  WindowsReadableFile(Handle handle, std::string path)
      : handle_(std::move(handle)), path_(std::move(path)) {}

  Status ReadAt(uint64_t offset, std::span<uint8_t> out) override {
    while (!out.empty()) {
      OVERLAPPED at{};
      at.Offset = static_cast<DWORD>(offset);
      at.OffsetHigh = static_cast<DWORD>(offset >> 32);
      DWORD got = 0;
      const auto wanted = static_cast<DWORD>(std::min(out.size(), kLargestTransfer));
      if (!::ReadFile(handle_.get(), out.data(), wanted, &got, &at) &&
          ::GetLastError() != ERROR_HANDLE_EOF) {
        return Failure("read", path_, ::GetLastError());
      }
      if (got == 0) {
        return Status(StatusCode::kCorruption, path_ + " ends early.");
      }
      offset += got;
      out = out.subspan(got);
    }
    return Status::Ok();
  }

  Result<uint64_t> Size() override {
    LARGE_INTEGER size{};
    if (!::GetFileSizeEx(handle_.get(), &size)) {
      return Failure("read", path_, ::GetLastError());
    }
    return static_cast<uint64_t>(size.QuadPart);
  }

 private:
  Handle handle_;
  std::string path_;
};

class WindowsWritableFile final : public WritableFile {
 public:
  WindowsWritableFile(Handle handle, std::string path)
      : handle_(std::move(handle)), path_(std::move(path)) {}

  Status Append(std::span<const uint8_t> data) override {
    while (!data.empty()) {
      DWORD put = 0;
      const auto wanted = static_cast<DWORD>(std::min(data.size(), kLargestTransfer));
      if (!::WriteFile(handle_.get(), data.data(), wanted, &put, nullptr)) {
        return Failure("write", path_, ::GetLastError());
      }
      data = data.subspan(put);
    }
    return Status::Ok();
  }

  Status Sync() override {
    return ::FlushFileBuffers(handle_.get()) ? Status::Ok()
                                             : Failure("write", path_, ::GetLastError());
  }

  Status Close() override {
    handle_.reset();
    return Status::Ok();
  }

 private:
  Handle handle_;
  std::string path_;
};

// Opened without sharing: nobody else can open it; the system removes it at the end, also
// when the process dies.
class WindowsFileLock final : public FileLock {
 public:
  explicit WindowsFileLock(Handle handle) : handle_(std::move(handle)) {}

 private:
  Handle handle_;
};

class WindowsFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    Handle handle = Open(path, GENERIC_READ, kShareAll, OPEN_EXISTING, 0);
    if (handle == nullptr) {
      return Failure("open", path, ::GetLastError());
    }
    return std::unique_ptr<ReadableFile>(
        std::make_unique<WindowsReadableFile>(std::move(handle), path));
  }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path) override {
    Handle handle = Open(path, GENERIC_WRITE, kShareAll, CREATE_ALWAYS, 0);
    if (handle == nullptr) {
      return Failure("create", path, ::GetLastError());
    }
    return std::unique_ptr<WritableFile>(
        std::make_unique<WindowsWritableFile>(std::move(handle), path));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    constexpr DWORD kFlags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
    return ::MoveFileExW(Native(from).c_str(), Native(to).c_str(), kFlags)
               ? Status::Ok()
               : Failure("write", to, ::GetLastError());
  }

  Status Remove(const std::string& path) override {
    return ::DeleteFileW(Native(path).c_str()) ? Status::Ok()
                                               : Failure("remove", path, ::GetLastError());
  }

  Status MakeDirectory(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(Native(path), error);
    return error ? Failure("create the folder", path, static_cast<DWORD>(error.value()))
                 : Status::Ok();
  }

  // Renames are written through; a folder has nothing more to sync.
  Status SyncDirectory(const std::string& /*path*/) override { return Status::Ok(); }

  Result<std::vector<FileEntry>> List(const std::string& path) override {
    WIN32_FIND_DATAW found{};
    const HANDLE search = ::FindFirstFileW(Native(path + "/*").c_str(), &found);
    if (search == INVALID_HANDLE_VALUE) {
      return Failure("read the folder", path, ::GetLastError());
    }
    std::vector<FileEntry> entries;
    do {
      if ((found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0) {
        const std::u8string name = std::filesystem::path(found.cFileName).u8string();
        entries.push_back({std::string(name.begin(), name.end()),
                           (uint64_t{found.nFileSizeHigh} << 32) | found.nFileSizeLow,
                           UnixNs(found.ftLastWriteTime)});
      }
    } while (::FindNextFileW(search, &found));
    ::FindClose(search);
    return entries;
  }

  bool Exists(const std::string& path) override {
    return ::GetFileAttributesW(Native(path).c_str()) != INVALID_FILE_ATTRIBUTES;
  }

  Status Touch(const std::string& path) override {
    const Handle handle = Open(path, FILE_WRITE_ATTRIBUTES, kShareAll, OPEN_EXISTING, 0);
    FILETIME now{};
    ::GetSystemTimeAsFileTime(&now);
    return handle != nullptr && ::SetFileTime(handle.get(), nullptr, nullptr, &now)
               ? Status::Ok()
               : Failure("touch", path, ::GetLastError());
  }

  Result<std::unique_ptr<FileLock>> TryLock(const std::string& path) override {
    DWORD error = ERROR_ACCESS_DENIED;
    // Access is denied while the file of a lock just released is being removed, and for good in a
    // folder that may not be written.
    for (int attempt = 0; attempt < kLockAttempts && error == ERROR_ACCESS_DENIED; ++attempt) {
      if (attempt > 0) {
        ::Sleep(kLockPollMs);
      }
      Handle handle = Open(path, GENERIC_WRITE, 0, OPEN_ALWAYS, FILE_FLAG_DELETE_ON_CLOSE);
      if (handle != nullptr) {
        return std::unique_ptr<FileLock>(std::make_unique<WindowsFileLock>(std::move(handle)));
      }
      error = ::GetLastError();
    }
    if (error == ERROR_SHARING_VIOLATION) {
      return std::unique_ptr<FileLock>();
    }
    return Failure("lock", path, error);
  }

 private:
  static int64_t UnixNs(const FILETIME& time) {
    constexpr int64_t kUnixEpoch = 116'444'736'000'000'000;  // in steps of 100 ns since 1601
    const int64_t steps = (int64_t{time.dwHighDateTime} << 32) | time.dwLowDateTime;
    return (steps - kUnixEpoch) * 100;
  }
};

}  // namespace

FileSystem* FileSystem::Default() {
  static WindowsFileSystem system;
  return &system;
}

}  // namespace leoam

#endif
