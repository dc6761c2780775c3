/* Enhancements only: every page works without this file. */
(function () {
  "use strict";

  var BUSY_FOR_MS = 20000;

  function each(selector, action, scope) {
    Array.prototype.forEach.call((scope || document).querySelectorAll(selector), action);
  }

  /* A form that is on its way cannot be sent again. aria-disabled, not disabled: focus stays where it is. */
  function setBusy(form, busy) {
    if (busy) {
      form.dataset.busy = "true";
    } else {
      delete form.dataset.busy;
    }
    each("button:not([type=button])", function (button) {
      if (busy) {
        button.setAttribute("aria-disabled", "true");
        button.setAttribute("aria-busy", "true");
      } else {
        button.removeAttribute("aria-disabled");
        button.removeAttribute("aria-busy");
      }
    }, form);
  }

  function guardSubmit(event) {
    var form = event.target;
    if (form.getAttribute("method") !== "post") {
      return;
    }
    if (form.dataset.busy) {
      event.preventDefault();
      return;
    }
    if (event.defaultPrevented) {
      return;
    }
    setBusy(form, true);
    if ("upload" in form.dataset && startUpload(form, event.submitter)) {
      event.preventDefault();
      return;
    }
    /* A browser that stays on the page (an answer that is a download, a stop by the user) must not keep it locked. */
    window.setTimeout(function () { setBusy(form, false); }, BUSY_FOR_MS);
  }

  /* Puts a page that came as an answer to an upload in place of this one, with its own scripts and messages.
     Only a redirect changes the address: reloading an address that takes posts alone would show an error. */
  function showPage(html, sentTo, cameFrom) {
    if (cameFrom && cameFrom !== sentTo) {
      window.history.pushState(null, "", cameFrom);
      window.samrumReplacedPage = true;
    }
    document.open();
    document.write(html);
    document.close();
  }

  /* Sends the form with a progress bar. False when the browser should send it in the plain way. */
  function startUpload(form, submitter) {
    var box = form.querySelector("[data-upload-progress]");
    var input = form.querySelector("input[type=file]");
    var file = input && input.files && input.files[0];
    if (!box || !file || !window.FormData) {
      return false;
    }
    var words = form.dataset;
    var bar = box.querySelector("progress");
    var text = box.querySelector("[data-upload-text]");
    var status = form.querySelector("[data-upload-status]");
    var cancel = box.querySelector("[data-upload-cancel]");
    var request = new XMLHttpRequest();
    var told = -1;

    function complain(message) {
      var alert = document.createElement("div");
      alert.className = "alert alert-error";
      var body = document.createElement("p");
      body.className = "alert-text";
      body.textContent = message;
      alert.appendChild(body);
      form.querySelector("[data-upload-alert]").replaceChildren(alert);
    }

    function stop(message) {
      box.hidden = true;
      status.textContent = "";
      complain(message);
      setBusy(form, false);
      input.focus();
    }

    form.querySelector("[data-upload-alert]").replaceChildren();
    if (input.dataset.maxBytes && file.size > Number(input.dataset.maxBytes)) {
      stop(input.dataset.tooBig);
      return true;
    }

    var data = new FormData(form);
    if (submitter && submitter.name) {
      data.append(submitter.name, submitter.value);
    }
    /* The attribute, not form.action, which a button named "action" would hide. */
    var address = new URL(form.getAttribute("action") || window.location.href, window.location.href);
    address.hash = "";
    request.open("POST", address.href);
    request.upload.addEventListener("progress", function (event) {
      if (!event.lengthComputable) {
        return;
      }
      var percent = Math.floor(100 * event.loaded / event.total);
      bar.value = percent;
      text.textContent = words.sending + " " + percent + " %";
      /* A screen reader hears every quarter, not every percent. */
      var quarter = Math.floor(percent / 25);
      if (quarter > told) {
        told = quarter;
        status.textContent = text.textContent;
      }
    });
    request.upload.addEventListener("load", function () {
      bar.removeAttribute("value");
      text.textContent = words.checking;
      status.textContent = words.checking;
      cancel.hidden = true;
    });
    request.addEventListener("load", function () {
      var type = request.getResponseHeader("Content-Type") || "";
      if (type.indexOf("text/html") === 0) {
        showPage(request.responseText, address.href, request.responseURL);
      } else {
        stop(words.failed);
      }
    });
    request.addEventListener("error", function () { stop(words.failed); });
    request.addEventListener("abort", function () { stop(words.cancelled); });
    cancel.onclick = function () { request.abort(); };

    bar.value = 0;
    cancel.hidden = false;
    text.textContent = words.sending;
    status.textContent = words.sending;
    box.hidden = false;
    request.send(data);
    return true;
  }

  /* "Show the password" for whoever types on a small keyboard. */
  function addReveal(group) {
    var input = group.querySelector("input");
    var button = document.createElement("button");
    button.type = "button";
    button.className = "function-link reveal";
    button.textContent = group.dataset.reveal;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", function () {
      var show = input.type === "password";
      input.type = show ? "text" : "password";
      button.setAttribute("aria-pressed", String(show));
    });
    input.insertAdjacentElement("afterend", button);
    input.form.addEventListener("submit", function () { input.type = "password"; });
  }

  function countDown(group) {
    var left = group.dataset.left;
    var over = group.dataset.over;
    group.classList.add("form-limit");
    new window.DKFDS.CharacterLimit(group, {
      character_remaining: left,
      characters_remaining: left,
      character_too_many: over,
      characters_too_many: over
    }).init();
  }

  document.addEventListener("submit", guardSubmit);
  window.addEventListener("pageshow", function () {
    each("form[data-busy]", function (form) { setBusy(form, false); });
  });
  window.addEventListener("popstate", function () {
    if (window.samrumReplacedPage) {
      window.location.reload();
    }
  });

  /* The code of an invitation stands behind the # of its link, where no server sees it; nor does it stay there. */
  each("input[data-from-link]", function (input) {
    if (window.location.hash.length > 1) {
      input.value = decodeURIComponent(window.location.hash.slice(1));
      window.history.replaceState(null, "", window.location.pathname + window.location.search);
    }
  });
  each("[data-reveal]", addReveal);
  if (window.DKFDS) {
    window.DKFDS.init();
    each("[data-maxlength][data-left]", countDown);
    each(".mainmenu[data-more] .more-button span", function (span) {
      span.textContent = span.closest(".mainmenu").dataset.more;
    });
  }
  var summary = document.querySelector("[data-module=error-summary]");
  if (summary) {
    summary.focus();
  }
})();
