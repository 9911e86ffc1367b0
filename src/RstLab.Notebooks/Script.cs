namespace RstLab.Notebooks;

/// <summary>The script that turns the still pictures of a page into Plotly figures where <c>window.Plotly</c> is there.</summary>
internal static class Script
{
    /// <summary>
    /// Safe to run many times: an output cannot know whether an earlier one defined it, nor whether Plotly comes later. It draws
    /// what comes into view, and replaces the palette's colours by those of the page, again when the page changes its theme.
    /// <c>data-drawn</c> is <c>waiting</c> for a figure that the script has in hand, and <c>plotly</c> for one that is drawn.
    /// </summary>
    internal static readonly string Bootstrap = Minify($$"""
        (function(){
        var vars={{{string.Join(',', Palette.Themed.Select(c => $"\"{c.Light}\":\"{c.Variable}\""))}}};
        function take(fig){
          var source=fig.querySelector('script.rstlab-plotly'),room=fig.querySelector('.rstlab-drawing'),host,shown='';
          if(!source||!room)return;
          fig.setAttribute('data-drawn','waiting');
          function draw(){
            if(!window.Plotly||!room.clientWidth)return;
            var style=getComputedStyle(fig),width=room.clientWidth,narrow=width<680,now=narrow+' '+Math.round(width/20)+style.color+style.getPropertyValue('--rl-reset');
            if(now===shown)return;
            shown=now;
            if(!host){
              host=document.createElement('div');
              host.className='rstlab-chart';
              host.setAttribute('role','img');
              host.setAttribute('aria-label',fig.querySelector('.rstlab-title').textContent);
              room.appendChild(host);
              fig.setAttribute('data-drawn','plotly');
            }
            var spec=JSON.parse(source.textContent.replace(/#[0-9a-f]{6}/g,function(c){
              return c==='{{Palette.Ink}}'?style.color:vars[c]?style.getPropertyValue(vars[c]).trim():c;}));
            var part=narrow&&spec.narrow||spec,layout=part.layout;
            if(layout.title){delete layout.title;layout.height-=32;layout.margin.t-=32;}
            if(spec.narrow){
              host.style.maxWidth=narrow?'520px':'';
              var scale=Math.min(Math.min(width,narrow?520:width)/layout.xaxis.range[1],1);
              layout.height*=scale;
              part.data.forEach(function(trace){[trace.textfont,trace.marker].forEach(function(m){if(m)m.size*=scale;});});
            }
            if(narrow&&layout.legend)layout.height=Math.min(layout.height,360);
            if(matchMedia('(pointer: coarse)').matches)layout.dragmode=false;
            layout.paper_bgcolor=layout.plot_bgcolor='rgba(0,0,0,0)';
            window.Plotly.react(host,part.data,layout,spec.config).catch(function(){
              fig.setAttribute('data-drawn','failed');host.remove();});
          }
          fig.rstlabDraw=draw;
          if(window.IntersectionObserver)new IntersectionObserver(function(seen,me){
            if(window.Plotly&&seen.some(function(s){return s.isIntersecting;})){me.disconnect();draw();fig.rstlabSeen=true;}
          },{rootMargin:'600px'}).observe(fig);
          else fig.rstlabSeen=true;
          if(window.ResizeObserver)new ResizeObserver(function(){if(fig.rstlabSeen)draw();}).observe(room);
        }
        window.rstlabDraw=window.rstlabDraw||function(again){
          document.querySelectorAll('figure.rstlab-figure').forEach(function(fig){
            if(!fig.hasAttribute('data-drawn'))take(fig);
            else if(again===true&&fig.rstlabSeen)fig.rstlabDraw();
            if(again&&window.Plotly&&fig.getAttribute('data-drawn')==='waiting'){
              var box=fig.getBoundingClientRect();
              if(box.top<innerHeight+600&&box.bottom>-600){fig.rstlabSeen=true;fig.rstlabDraw();}
            }
          });
        };
        window.rstlabDraw();
        if(window.rstlabWatched)return;
        window.rstlabWatched=true;
        function again(){window.rstlabDraw(true);}
        addEventListener('load',again);
        if(window.matchMedia)matchMedia('(prefers-color-scheme: dark)').addEventListener('change',again);
        if(window.MutationObserver)[document.documentElement,document.body].forEach(function(root){
          if(root)new MutationObserver(again).observe(root,{attributes:true,attributeFilter:['class','data-theme','data-jp-theme-light']});});
        })();
        """);

    /// <summary>Takes the indentation out; no statement of the script relies on the end of a line.</summary>
    private static string Minify(string script) => string.Concat(script.Split('\n').Select(line => line.Trim()));
}
